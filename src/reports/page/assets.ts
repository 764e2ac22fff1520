import { readFileSync } from 'node:fs'

/** A file of data/page. */
export const asset = (name: string): string =>
  readFileSync(new URL(`../../../data/page/${name}`, import.meta.url), 'utf8')
