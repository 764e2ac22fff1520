import type { Language } from '../../model/page.ts'
import { asset, script as scriptOf } from './assets.ts'
import { h, rawElement, render, safeJson, type Element } from './markup.ts'
import { patterns } from './map.ts'
import { securityPolicy } from './security.ts'
import { messages } from './words.ts'

/** What a page has of its own. */
interface Content {
  readonly title: string
  readonly heading: string
  readonly subtitle: string
  readonly main: readonly (Element | undefined)[]
  /** What its script reads. */
  readonly data: object
  /** Of data/page, after tables.js. */
  readonly script: string
}

/** A self-contained page, which asks for nothing else, and can be read without its script. */
export function shell(language: Language, { title, heading, subtitle, main, data, script }: Content): string {
  const words = messages[language]
  const style = asset('page.css')
  const code = scriptOf(script)
  const document = h(
    'html',
    { lang: language },
    h(
      'head',
      {},
      h('meta', { charset: 'utf-8' }),
      securityPolicy(style, code),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('title', {}, title),
      rawElement('style', {}, style),
    ),
    h(
      'body',
      {},
      h('a', { class: 'skip', href: '#main' }, words.skip),
      h(
        'header',
        {},
        h('h1', {}, heading),
        h('p', {}, subtitle),
        h('button', { type: 'button', id: 'theme', hidden: true, 'data-scripted': '' }, words.theme),
      ),
      h('main', { id: 'main', tabindex: -1 }, main),
      patterns(),
      rawElement('script', { id: 'data', type: 'application/json' }, safeJson(data)),
      rawElement('script', {}, code),
    ),
  )
  return `<!doctype html>\n${render(document)}`
}
