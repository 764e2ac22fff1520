import type { Language, PageFacts } from '../../model/page.ts'
import { about } from './about.ts'
import { asset } from './assets.ts'
import { pageData } from './data.ts'
import { h, rawElement, render, safeJson, type Element } from './markup.ts'
import { patterns } from './map.ts'
import { securityPolicy } from './security.ts'
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
  const [view] = facts.views
  const name = viewName(words, view)
  const style = asset('page.css')
  const script = asset('page.js')
  const { from, to } = facts.observed
  const document = h(
    'html',
    { lang: language },
    h(
      'head',
      {},
      h('meta', { charset: 'utf-8' }),
      securityPolicy(style, script),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('title', {}, words.title(name)),
      rawElement('style', {}, style),
    ),
    h(
      'body',
      {},
      h('a', { class: 'skip', href: '#main' }, words.skip),
      h(
        'header',
        {},
        h('h1', {}, words.heading(name)),
        h('p', {}, `${facts.snapshot} · ${from === '' ? words.undated : words.period(day(from), day(to))}`),
        h('button', { type: 'button', id: 'theme', hidden: true, 'data-scripted': '' }, words.theme),
      ),
      h(
        'main',
        { id: 'main', tabindex: -1 },
        summary(words, facts),
        chooser(words, facts),
        facts.views.map((each, index) => viewSection(words, each, index)),
        trendSection(words, facts),
        about(words, facts),
      ),
      patterns(),
      rawElement('script', { id: 'data', type: 'application/json' }, safeJson(pageData(words, facts))),
      rawElement('script', {}, script),
    ),
  )
  return `<!doctype html>\n${render(document)}`
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
