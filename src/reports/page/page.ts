import { findingsSection } from './findings.ts'
import type { Language, PageFacts } from '../../model/page.ts'
import { about } from './about.ts'
import { pageData } from './data.ts'
import { mapsDrawn } from './map.ts'
import { h, type Element } from './markup.ts'
import { shell } from './shell.ts'
import { summary } from './summary.ts'
import { trendSection } from './trend.ts'
import { viewSection } from './view.ts'
import { day, messages, serviceName, viewName, type Messages } from './words.ts'

/**
 * report.html: one self-contained page, which asks for nothing else. The same facts give the same bytes; it can be read
 * without its script, which only lets other services be chosen and tables be sorted and filtered.
 */
export function page(facts: PageFacts, language: Language): string {
  const words = messages[language]
  const name = viewName(words, facts.views[0])
  const { from, to } = facts.observed
  return shell(language, {
    title: words.title(name),
    heading: words.heading(name),
    subtitle: `${facts.snapshot} · ${from === '' ? words.undated : words.period(day(from), day(to))}`,
    main: [
      summary(words, facts),
      chooser(words, facts),
      ...facts.views.map((each, index) => viewSection(words, each, index)),
      findingsSection(words, facts),
      trendSection(words, facts),
      about(words, facts),
    ],
    data: pageData(words, facts),
    script: 'page.js',
  })
}

/** For the description of the page: the packages that its maps are drawn of, with their licences. */
export function mapSources({ views }: PageFacts): { readonly sources?: readonly string[] } {
  const maps = mapsDrawn(views)
  return maps.length === 0
    ? {}
    : { sources: maps.map(({ label, source, licence }) => `${label}: ${source}, ${licence}`) }
}

/** Chooses what charts show; the script shows it. */
function chooser(words: Messages, { views }: PageFacts): Element {
  const [view] = views
  const option = (value: number, title: string): Element => h('option', { value }, title)
  const services = view.services.map((service, index) => ({ index, title: serviceName(words, service), service }))
  const isGroup = ({ service }: (typeof services)[number]): boolean => Object.hasOwn(words.categories, service.id)
  const group = (label: string, members: typeof services): Element | undefined =>
    members.length === 0
      ? undefined
      : h('optgroup', { label }, ...members.map(({ index, title }) => option(index, title)))
  return h(
    'div',
    { class: 'chooser', hidden: true, 'data-scripted': '', role: 'group', 'aria-label': words.choose },
    views.length === 1
      ? undefined
      : h(
          'label',
          {},
          `${words.chooseView} `,
          h(
            'select',
            { id: 'choose-view' },
            ...views.map((each, index) =>
              option(index, words.of(each.source, words.units[each.unit], viewName(words, each))),
            ),
          ),
        ),
    h(
      'label',
      {},
      `${words.chooseService} `,
      h(
        'select',
        { id: 'choose-service' },
        group(words.categoryGroup, services.filter(isGroup)),
        group(
          words.serviceGroup,
          services.filter((each) => !isGroup(each)),
        ),
      ),
    ),
  )
}
