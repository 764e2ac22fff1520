import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import type { Warning } from '../../src/model/warning.ts'
import { markdown } from '../../src/reports/markdown.ts'
import { comparisonPage } from '../../src/reports/page/comparison.ts'
import { page } from '../../src/reports/page/page.ts'
import { messages } from '../../src/reports/page/words.ts'
import { syntheticComparison } from '../helpers/comparison.ts'
import { hostileTexts } from '../helpers/hostile-texts.ts'
import { syntheticPage } from '../helpers/page.ts'

const tokyo = { code: 'JP-13', name: 'Tokyo', localName: '東京都' }
const italy = { code: 'IT', name: 'Italy', localName: 'Italia' }
const regions = [1, 2, 3, 4, 5].map((each) => ({ code: `IT-0${each}`, name: `R${each}`, localName: '' }))
const refused = (fault: Extract<Warning, { kind: 'no-map' }>['fault']): Warning => ({
  kind: 'no-map',
  country: italy,
  source: '@svg-maps/italy 2.0.0',
  fault,
})

/** Every kind, and what was said of it in English before there was another language. */
const all: readonly (readonly [Warning, string])[] = [
  [
    { kind: 'default-ranks', changed: 1, region: tokyo, service: 'all', rank: 1, without: 2 },
    '1 rank is decided by addresses that a database puts where it does not know better (default-geolocation): without them Tokyo is rank 2, not rank 1, for all',
  ],
  [
    { kind: 'default-ranks', changed: 7, region: { ...tokyo, name: '' }, service: 'mail', rank: 3, without: undefined },
    '7 ranks are decided by addresses that a database puts where it does not know better (default-geolocation): without them JP-13 is unranked, not rank 3, for mail',
  ],
  [
    { kind: 'address-bias', placed: { byDatabase: 17, all: 90 } },
    'rates per IPv4 address take out what an address database puts in its default places only where the same database placed the records: it placed 17 of 90 addresses here',
  ],
  [
    { kind: 'address-bias', placed: undefined },
    'rates per IPv4 address take out what an address database puts in its default places only where the same database placed the records: an engine placed all of these',
  ],
  [
    { kind: 'other-methods', differing: ['query', 'list of ports'] },
    "the snapshots were not made in the same way (another query, another list of ports): a trend may be the method's",
  ],
  [{ kind: 'partial', snapshot: 's', missing: 'page 7 of 9' }, 'the snapshot s is partial: page 7 of 9'],
  [
    { kind: 'other-units', old: 'banners', now: 'addresses' },
    'banners are compared with addresses: shares mean something, counts side by side do not',
  ],
  [{ kind: 'other-bases' }, 'records held are compared with counts of a search engine, which saw what it saw'],
  [
    { kind: 'other-sources', old: 'shodan', now: 'censys' },
    'shodan and censys do not look at the same addresses in the same way',
  ],
  [refused({ kind: 'unnamed' }), 'no map is drawn of Italy: @svg-maps/italy 2.0.0 names no version or no licence'],
  [
    refused({ kind: 'unread' }),
    'no map is drawn of Italy: @svg-maps/italy 2.0.0 is no map of @svg-maps as it is known here, or too large for a page',
  ],
  [
    refused({ kind: 'differs', without: regions, strange: ['X'] }),
    'no map is drawn of Italy: @svg-maps/italy 2.0.0 has no outline of R1, R2, R3 and 2 more; outlines of no region, or of one twice: X',
  ],
]
const given = all.map(([warning]) => warning)

/** What is left of a text in Latin letters without names of what is told of. */
const english = (text: string): string[] =>
  (text.match(/[A-Za-z][\w.@/-]+/g) ?? []).filter(
    (word) => !/^(Tokyo|Italy|JP-13|R\d|svg-maps\S*|shodan|censys|mail|all|IPv4|default-geolocation)$/.test(word),
  )

describe('warnings', () => {
  test.each(all)('%o in English', (warning, text) => {
    expect(messages.en.warning(warning)).toBe(text)
  })

  test.each(all)(
    '%o in Japanese has every figure, and no English but what a snapshot says of itself',
    (warning, text) => {
      const japanese = messages.ja.warning(warning)
      const numbers = (of: string): string[] =>
        (of.replaceAll('東京都', 'Tokyo').match(/(?<![\w.-])\d+(?![\w.-])/g) ?? []).toSorted((a, b) => (a < b ? -1 : 1))
      const told = warning.kind === 'partial' ? japanese.replace(warning.missing, '') : japanese
      expect(english(told)).toEqual([])
      expect(told).toMatch(/[ぁ-ん]/)
      // One region is one rank.
      if (warning.kind !== 'partial') expect(numbers(japanese)).toEqual(numbers(text))
    },
  )

  test('stand in the page’s language, and what a snapshot says of itself is marked as English', async () => {
    const facts = { ...(await syntheticPage({ services: 2 })), warnings: given }
    const compared = { ...(await syntheticComparison({ services: 2 })), warnings: given, differing: ['query'] }
    for (const text of [page(facts, 'ja'), comparisonPage(compared, 'ja')]) {
      const items = [...parseHTML(text).document.querySelectorAll('.notice li')]
      expect(items.map((item) => item.textContent)).toEqual(given.map(messages.ja.warning))
      const marked = items.flatMap((item) => [...item.querySelectorAll('[lang=en]')])
      expect(marked.map((each) => each.textContent)).toEqual(['page 7 of 9'])
      expect(items.some((item) => item.hasAttribute('lang'))).toBe(false)
    }
    expect(comparisonPage(compared, 'ja')).toContain('検索条件')
    for (const language of ['en', 'ja'] as const)
      expect(markdown(facts, language)).toContain(messages[language].warning({ kind: 'other-bases' }))
  })

  test('hostile names do not become markup', async () => {
    const facts = await syntheticPage({ services: 2 })
    for (const name of hostileTexts) {
      const warnings = [
        { kind: 'other-sources', old: name, now: name },
        refused({ kind: 'differs', without: [], strange: [name] }),
        { kind: 'partial', snapshot: name, missing: name },
      ] as const
      for (const language of ['en', 'ja'] as const) {
        const { document } = parseHTML(page({ ...facts, warnings }, language))
        expect(document.querySelectorAll('.notice li')).toHaveLength(3)
        expect(document.querySelectorAll('.notice li > *')).toHaveLength(1)
        expect(document.querySelectorAll('script')).toHaveLength(2)
      }
    }
  })
})
