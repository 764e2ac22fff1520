import { changeKinds, type Change, type ChangeKind } from '../../model/change.ts'
import type { ComparisonCell, ComparisonFacts, ComparisonView } from '../../model/comparison-page.ts'
import type { ComparisonMessages } from './comparison-en.ts'
import { sumOf } from './comparison-chart.ts'
import { h, type Element } from './markup.ts'
import { signed, whole } from './numbers.ts'
import { warningNotice } from './summary.ts'
import { regionName, type Messages } from './words.ts'

/** Regions named for having changed most. */
const mostNamed = 3

/** What changed in the first country, in sentences, and what must be known before reading on. */
export function comparisonSummary(words: Messages, own: ComparisonMessages, facts: ComparisonFacts): Element {
  const [view] = facts.views
  const sentences = view === undefined ? [words.summaryNone] : sentencesOf(words, own, facts, view)
  return h(
    'section',
    { 'aria-labelledby': 'summary' },
    h('h2', { id: 'summary' }, words.summary),
    facts.differing.length === 0
      ? undefined
      : h('div', { class: 'notice' }, h('h3', {}, own.forced), h('p', {}, own.forcedText(facts.differing))),
    h('ul', {}, ...sentences.map((sentence) => h('li', {}, sentence))),
    warningNotice(words, facts.warnings),
  )
}

function sentencesOf(
  words: Messages,
  own: ComparisonMessages,
  { old, new: now }: ComparisonFacts,
  view: ComparisonView,
): string[] {
  const all = view.services[0]
  if (all === undefined) return [words.summaryNone]
  const { total, cells } = all
  const isSameThing = total.difference !== undefined
  const unitOf = (unit: string): string => Object.entries(words.units).find(([each]) => each === unit)?.[1] ?? unit
  const totals = own.totals({
    name: regionName(words, { ...view, code: view.country, population: undefined }),
    old: whole(total.old),
    now: whole(total.new),
    unit: old.unit === now.unit ? unitOf(now.unit) : `${unitOf(old.unit)} / ${unitOf(now.unit)}`,
    difference: signed(total.difference),
  })
  const beyond = cells.filter(({ chance }) => chance !== undefined && chance < 0.05).length
  return [
    totals,
    ...(isSameThing
      ? []
      : [own.otherThings(`${unitOf(old.unit)}, ${old.source}`, `${unitOf(now.unit)}, ${now.source}`)]),
    ...(total.change === undefined ? [own.unknownChange] : changeSentences(own, total.change, [...cells, all.unknown])),
    ...mostChanged(words, own, view, cells),
    own.beyondChance(whole(beyond), whole(cells.length)),
  ]
}

/** @param places regions and `unknown`, where movement within the country shows */
function changeSentences(own: ComparisonMessages, change: Change, places: readonly ComparisonCell[]): string[] {
  const texts = Object.fromEntries(changeKinds.map((kind) => [kind, whole(change[kind])])) as Record<ChangeKind, string>
  const within = (kind: ChangeKind): number =>
    places.reduce((sum, each) => sum + (each.change?.[kind] ?? 0), 0) - change[kind]
  return [
    own.came(whole(sumOf(change, ['new', 'opened', 'appeared'])), texts),
    own.went(whole(sumOf(change, ['gone', 'closed', 'vanished'])), texts),
    own.coverage(texts.coverageGained, texts.coverageLost),
    own.movement(whole(within('movedIn')), whole(within('rePlacedIn'))),
    own.stayed(texts.stayed, texts.relabelled),
  ]
}

function mostChanged(
  words: Messages,
  own: ComparisonMessages,
  view: ComparisonView,
  cells: readonly ComparisonCell[],
): string[] {
  const named = cells
    .map(({ difference = 0 }, index) => ({ difference, region: view.regions[index] }))
    .flatMap(({ difference, region }) =>
      region === undefined ? [] : [{ difference, name: regionName(words, { ...region, population: undefined }) }],
    )
    .toSorted((a, b) => b.difference - a.difference)
  const list = (of: typeof named): string =>
    of
      .slice(0, mostNamed)
      .map(({ name, difference }) => own.named(name, signed(difference)))
      .join(words.join)
  const grew = named.filter(({ difference }) => difference > 0)
  const shrank = named.filter(({ difference }) => difference < 0).toReversed()
  return [
    ...(grew.length === 0 ? [] : [own.grewMost(list(grew))]),
    ...(shrank.length === 0 ? [] : [own.shrankMost(list(shrank))]),
  ]
}
