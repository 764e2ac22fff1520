import type { CensusError } from '../../model/errors.ts'
import { h } from '../page/markup.ts'
import { frame, link } from './frame.ts'
import { pathTo, type Words } from './words.ts'

/** What is compared, as its address names it. */
type CompareAsked = Readonly<Record<'old' | 'new', string> & { force?: string }>

/** Two snapshots that cannot be compared: why, and the link that compares them all the same, where it can. */
export function refusedPage(words: Words, asked: CompareAsked, { message, hint = '' }: CensusError): string {
  const { store } = words
  const canForce = hint.startsWith('--force')
  return frame(
    {
      words,
      title: store.compared(asked.old, asked.new),
      way: [{ title: store.store, parts: [] }],
      here: { parts: ['compare'], query: asked },
    },
    h(
      'p',
      {},
      store.refused,
      ' ',
      h('span', { lang: 'en' }, canForce || hint === '' ? message : `${message}: ${hint}`),
      '.',
    ),
    canForce
      ? h('p', {}, h('a', { href: pathTo(words, ['compare'], { ...asked, force: '1' }) }, store.force))
      : h('p', {}, link(words, store.store, [])),
  )
}
