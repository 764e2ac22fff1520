import { asset } from '../page/assets.ts'
import { h, rawElement, render, type Element, type Markup } from '../page/markup.ts'
import { servedPolicy } from '../page/security.ts'
import { heading, scrolled } from '../page/tables.ts'
import { pathTo, type Words } from './words.ts'

/** Style of all pages: report.html's, and what the store's pages need beside it. */
const style = asset('page.css') + asset('store.css')

/** The policy that pages of `frame` are sent with: they have no script. */
export const storePolicy = servedPolicy(style, undefined, true)

export interface Framing {
  readonly words: Words
  readonly title: string
  /** The pages on the way to this one, each with its address's parts. */
  readonly way?: readonly { readonly title: string; readonly parts: readonly string[] }[]
  /** This page's address, for its other language; none of an error. */
  readonly here?: { readonly parts: readonly string[]; readonly query?: Readonly<Record<string, string>> }
}

/** A page of the store, as text. */
export function frame({ words, title, way = [], here }: Framing, ...children: readonly (Markup | undefined)[]): string {
  const { store, language } = words
  const document = h(
    'html',
    { lang: language },
    h(
      'head',
      {},
      h('meta', { charset: 'utf-8' }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('title', {}, `${title} – exposure-census`),
      rawElement('style', {}, style),
    ),
    h(
      'body',
      {},
      h('a', { class: 'skip', href: '#main' }, store.skip),
      h(
        'header',
        {},
        h(
          'nav',
          { class: 'way', 'aria-label': store.way },
          h(
            'ol',
            {},
            ...way.map((each) => h('li', {}, link(words, each.title, each.parts))),
            h('li', { 'aria-current': 'page' }, title),
          ),
        ),
        here === undefined ? undefined : otherLanguage(words, here.parts, here.query),
      ),
      h('main', { id: 'main', tabindex: -1 }, h('h1', {}, title), children),
    ),
  )
  return `<!doctype html>\n${render(document)}`
}

/** The same page in the other language. */
function otherLanguage({ store }: Words, parts: readonly string[], query?: Readonly<Record<string, string>>): Element {
  const other = store.otherLanguage.code === 'ja' ? 'ja' : 'en'
  const href = pathTo({ language: other }, parts, query)
  return h('a', { class: 'language', href, hreflang: other, lang: other }, store.otherLanguage.name)
}

/** A page that a command writes, with the way to the list and to its other language before its heading. */
export function withWay(
  words: Words,
  page: string,
  parts: readonly string[],
  query?: Readonly<Record<string, string>>,
): string {
  const { store } = words
  const way = h(
    'nav',
    { class: 'note', 'aria-label': store.way },
    link(words, store.store, []),
    ' · ',
    otherLanguage(words, parts, query),
  )
  // Text of others is escaped: the first is the page's own.
  const at = page.indexOf('<header>')
  return page.slice(0, at) + render(way) + page.slice(at)
}

/** A link to another page. */
export const link = (
  words: Words,
  title: string,
  parts: readonly string[],
  query?: Readonly<Record<string, string>>,
): Element => h('a', { href: pathTo(words, parts, query) }, title)

/** What cannot be shown, in one sentence. */
export const errorPage = (words: Words, sentence: string): string =>
  frame({ words, title: sentence }, h('p', {}, link(words, words.store.store, [])))

export interface Column {
  readonly title: string
  readonly isText?: boolean
}

/** A table whose first column names the rows. It scrolls by itself, also by keyboard. */
export const dataTable = (
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Markup[])[],
  foot: readonly (readonly Markup[])[] = [],
): Element => {
  const line = (cells: readonly Markup[]): Element =>
    h(
      'tr',
      {},
      ...cells.map((cell, index) =>
        index === 0
          ? h('th', { scope: 'row' }, cell)
          : h('td', { class: columns[index]?.isText === true ? 'text' : undefined }, cell),
      ),
    )
  return scrolled(
    caption,
    h(
      'table',
      {},
      h('caption', {}, caption),
      h(
        'thead',
        {},
        h('tr', {}, ...columns.map(({ title, isText }, index) => heading(title, index === 0 || isText === true))),
      ),
      h('tbody', {}, ...rows.map(line)),
      foot.length === 0 ? undefined : h('tfoot', {}, ...foot.map(line)),
    ),
  )
}

/** Something to choose of a list. */
export const choice = (
  title: string,
  name: string,
  options: readonly { readonly value: string; readonly title: string }[],
  chosen: string,
): Element =>
  h(
    'label',
    {},
    `${title} `,
    h(
      'select',
      { name },
      ...options.map(({ value, title: text }) => h('option', { value, selected: value === chosen }, text)),
    ),
  )

/** A form that asks for a page, and changes nothing. */
export const asking = (
  words: Words,
  parts: readonly string[],
  ...children: readonly (Element | undefined)[]
): Element =>
  h(
    'form',
    { method: 'get', action: pathTo(words, parts), class: 'chooser' },
    children,
    h('button', { type: 'submit' }, words.store.show),
  )
