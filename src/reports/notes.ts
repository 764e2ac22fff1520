import type { Language, PageFacts } from '../model/page.ts'
import type { Column } from '../model/table.ts'
import { whole } from './page/numbers.ts'
import { messages, viewName, type Messages } from './page/words.ts'
import { mostCharacters, mostRows, type Shortened } from './xlsx.ts'

/** What figures are of, as a heading. */
export function headingOf(language: Language, { views: [view] }: PageFacts): string {
  const words = messages[language]
  return words.heading(viewName(words, view))
}

/** What a reader must know of figures that stand without the page: terms and texts. */
export function notes(words: Messages, facts: PageFacts): (readonly [string, string])[] {
  const { observed, origins, credits } = facts
  const many = (term: string, texts: readonly string[]): (readonly [string, string])[] =>
    texts.map((text) => [term, text])
  return [
    [words.snapshot, facts.snapshot],
    [words.observed, observed.from === '' ? words.undated : words.period(observed.from, observed.to)],
    [words.basis, words.bases[facts.basis]],
    [words.version, `exposure-census ${facts.version}`],
    ...many(words.partial, facts.missing),
    ...many(words.warnings, facts.warnings.map(words.warning)),
    ...many(
      words.sources,
      origins.map(({ kind, name, detail }) => [words.originKinds[kind], name, detail].join(', ')),
    ),
    ...many(words.method, [...words.methodItems, words.chance, ...words.limitItems]),
    ...many(words.credits, [
      ...credits.populations.map(({ title, url }) => [words.creditPopulation, title, url].join(' ').trimEnd()),
      ...(credits.dbip ? [`${words.creditDbip}, https://db-ip.com`] : []),
      words.creditGeonames,
    ]),
  ]
}

/** The first sheet of a workbook: the same, and what its columns, flags and sheets are. */
export function workbookNotes(
  language: Language,
  facts: PageFacts,
  columns: readonly Column[],
  { cut, continued }: Shortened,
): (readonly [string, string])[] {
  const words = messages[language]
  const meanings = new Map(columns.map(({ name, description }) => [name, description]))
  const shortened = [
    ...[...cut].map(([sheet, cells]) => words.workbookCut(whole(cells), sheet, whole(mostCharacters))),
    ...continued.map((sheet) => words.workbookContinued(sheet, whole(mostRows))),
  ]
  return [
    ...notes(words, facts),
    ...(shortened.length === 0 ? [words.workbookWhole] : shortened).map((text) => [words.workbook, text] as const),
    [words.workbook, words.workbookText],
    ...Object.entries(words.flags).map(([flag, meaning]) => [`${words.flag}: ${flag}`, meaning] as const),
    ...[...meanings].map(([name, meaning]) => [`${words.column}: ${name}`, meaning] as const),
  ]
}
