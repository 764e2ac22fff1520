import { describe, expect, it } from 'vitest'
import { markdown, plain } from '../../src/reports/markdown.ts'
import { shown } from '../../src/reports/page/markup.ts'
import { hostileTextsMade } from '../helpers/hostile-texts.ts'
import { syntheticPage } from '../helpers/page.ts'

const texts = hostileTextsMade(process.env['FUZZ_RUNS'] === undefined ? 2000 : 100_000)
const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' }

describe('foreign text in Markdown', () => {
  it('reads as itself and is no markup, link or element', () => {
    for (const text of texts) {
      const written = plain(text)
      // CommonMark 0.31: a backslash before punctuation stands for that alone, an entity for its character (2.4, 2.5).
      const escape = /\\[!-/:-@[-`{-~]|&(?:amp|lt|gt);/g
      expect(written.replaceAll(escape, (each) => entities[each] ?? each.slice(1))).toBe(shown(text).trim())
      // What is left has no meaning of its own: no delimiter, link, cell, element, heading, list, or bare link of GitHub's.
      const left = written.replaceAll(escape, 'x')
      expect(left).not.toMatch(/[\\`*_[\]<>|~#&@\r\n]|^[-+=]|^\d{1,9}[.)](\s|$)/)
      expect(written).not.toMatch(/\b(https?|ftp|mailto|xmpp|javascript):\S|www\./i)
    }
  })
})

describe('report.md', () => {
  it.each(['en', 'ja'] as const)('has all regions by rate, %s', async (language) => {
    const facts = await syntheticPage({ services: 3 })
    const text = markdown(facts, language)
    const rows = text.split('\n').filter((line) => line.startsWith('| '))
    expect(rows).toHaveLength(2 + 47 + 1)
    const ranks = rows.slice(2, -1).map((row) => Number(row.split(' | ').at(-1)?.replace(' |', '')))
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
    expect(text).toContain(facts.views[0].services[0].total.count?.toLocaleString('en'))
  })

  it('keeps its shape whatever names are', async () => {
    const shape = (text: string): string[] => text.split('\n').map((line) => line.slice(0, 2))
    const usual = shape(
      markdown(await syntheticPage({ services: 2, names: { region: 'a', snapshot: 'a', warning: 'a' } }), 'en'),
    )
    for (const text of texts.slice(0, 20)) {
      const names = { region: text, snapshot: text, warning: text }
      expect(shape(markdown(await syntheticPage({ services: 2, names }), 'en'))).toEqual(usual)
    }
  }, 60_000)
})
