import type { Language, PageFacts } from '../model/page.ts'
import { headingOf, notes } from './notes.ts'
import { isRated, rankedOrder } from './page/drawn.ts'
import { shown } from './page/markup.ts'
import { decimal, interval, whole } from './page/numbers.ts'
import { sentences } from './page/summary.ts'
import { messages, regionName, serviceName, viewName, type Messages } from './page/words.ts'

/** report.md: a summary for a mail or a wiki, with the regions by rate of the first source's first service. */
export function markdown(facts: PageFacts, language: Language): string {
  const words = messages[language]
  const { views, missing, warnings } = facts
  const [view] = views
  const [service] = view.services
  const list = (lines: readonly string[]): string[] => lines.map((line) => `- ${plain(line)}`)
  const part = (heading: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', `## ${plain(heading)}`, '', ...lines]
  const about = new Map<string, string[]>()
  for (const [term, text] of notes(words, facts)) about.set(term, [...(about.get(term) ?? []), text])
  // They come first.
  for (const told of [words.partial, words.warnings]) about.delete(told)
  return [
    `# ${plain(headingOf(language, facts))}`,
    ...part(words.partial, list(missing)),
    ...part(words.warnings, list(warnings.map(words.warning))),
    ...part(words.summary, [
      plain(sentences(words, view, service).join(words.code === 'ja' ? '' : ' ')),
      '',
      plain(words.chance),
    ]),
    ...part(
      `${serviceName(words, service)}: ${words.of(view.source, words.units[view.unit], viewName(words, view))}`,
      regions(words, facts),
    ),
    ...part(
      words.sources,
      [...about]
        .filter(([, texts]) => texts.length === 1)
        .map(([term, [text = '']]) => `- ${plain(term)}: ${plain(text)}`),
    ),
    ...[...about].filter(([, texts]) => texts.length > 1).flatMap(([term, texts]) => part(term, list(texts))),
    '',
  ].join('\n')
}

function regions(words: Messages, { views: [view] }: PageFacts): string[] {
  const [service] = view.services
  const rated = isRated(view)
  const row = (cells: readonly string[]): string => `| ${cells.map(plain).join(' | ')} |`
  const head = [
    words.region,
    words.count,
    ...(rated ? [words.population, words.per100k, words.interval, words.rank] : []),
  ]
  const lines = rankedOrder(view, service).flatMap((index) => {
    const [region, cell] = [view.regions[index], service.cells[index]]
    if (region === undefined || cell === undefined) return []
    const { count, rate, low, high, rank } = cell
    const figures = [whole(region.population), decimal(rate), interval(low, high), whole(rank)]
    return [row([regionName(words, region), whole(count), ...(rated ? figures : [])])]
  })
  const aligned = `| --- |${' ---: |'.repeat(head.length - 1)}`
  return [
    row(head),
    aligned,
    ...lines,
    row([words.unknown, whole(service.unknown.count), ...head.slice(2).map(() => '')]),
  ]
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/**
 * Text that Markdown (CommonMark, and GitHub's with tables and bare links) shows as it is: no markup, no link, no element,
 * no list or heading where it begins a line.
 */
export const plain = (text: string): string =>
  shown(text)
    .trim()
    .replaceAll(/[\\`*_[\]|~#!$^]/g, '\\$&')
    .replaceAll(/[&<>]/g, (character) => entities[character] ?? '')
    // What GitHub would make a link of: a scheme, www., an address of mail, a name of somebody.
    .replaceAll(/(?<=[a-z]):(?=\S)|@|(?<=www)\./gi, '\\$&')
    .replace(/^[-+=]|(?<=^\d{1,9})[.)](?=\s|$)/, '\\$&')
