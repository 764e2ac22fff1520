import { readFileSync } from 'node:fs'

/** A file of data/page. */
export const asset = (name: string): string =>
  readFileSync(new URL(`../../../data/page/${name}`, import.meta.url), 'utf8')

/** The script of a page that has tables, of which `name` is its own part. */
export const script = (name: string): string => asset('tables.js') + asset(name)
