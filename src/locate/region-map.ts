import { createRequire } from 'node:module'
import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { RegionMap } from '../model/page.ts'
import type { Region } from '../model/region.ts'
import type { MapFault, Warning } from '../model/warning.ts'
import type { RegionTable } from './regions.ts'

/** A page has room for outlines of this size. */
const mostBytes = 200_000
/** What a package may be called after its country. */
const divisions = ['', '.regions', '.provinces', '.prefectures']

const name = z.string().min(1).max(100)
const packageSchema = z.object({
  version: z
    .string()
    .max(100)
    .regex(/^\d+\.\d+\.\d+[\w.+-]*$/),
  license: name,
  author: z.union([name, z.object({ name }).transform((author) => author.name)]).default(''),
})
const mapSchema = z.object({
  label: name,
  viewBox: z
    .string()
    .max(100)
    .regex(/^(-?\d+(\.\d+)? ){2}[1-9]\d*(\.\d+)? [1-9]\d*(\.\d+)?$/),
  locations: z
    .array(
      z.object({
        id: name,
        name,
        // Nothing but the commands of paths and their numbers.
        path: z.string().regex(/^[Mm][MmZzLlHhVvCcSsQqTtAaEe\d\s,.+-]*$/),
      }),
    )
    .min(1)
    .max(500),
})
type Location = z.infer<typeof mapSchema>['locations'][number]

export interface FoundMap {
  readonly map?: RegionMap
  /** Why a package that is there is not used. */
  readonly refused?: readonly Warning[]
}

/**
 * Outlines of a country's regions from the package `@svg-maps/…` that is called by one of the country's names, where npm installed one:
 * beside the program, or in the folder that it runs in or one above. It is read as data, never run. Outlines are used only where they
 * are the country's regions one for one: of other borders or another level, some would have the wrong figures.
 * @param within files beside which packages are looked for
 */
export async function loadRegionMap(
  country: string,
  regions: RegionTable,
  within: readonly string[] = [fileURLToPath(import.meta.url), resolve('package.json')],
): Promise<FoundMap> {
  const told = regions.region(country)
  const names = new Set([told?.name ?? '', ...(told?.otherNames ?? [])].map(packageName).filter((each) => each !== ''))
  const refused: Warning[] = []
  for (const each of names)
    for (const division of divisions) {
      const title = `@svg-maps/${each}${division}`
      const file = packageFile(title, within)
      const found = file === undefined ? undefined : await readMap(title, dirname(file), country, regions)
      if (found === undefined) continue
      if ('outlines' in found) return { map: found }
      refused.push({ kind: 'no-map', country: named(told, country), ...found })
    }
  return { refused }
}

/** `South Korea` → `south-korea`; empty for a name in another script. */
const packageName = (country: string): string =>
  country
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')

function packageFile(title: string, within: readonly string[]): string | undefined {
  for (const each of within)
    try {
      return createRequire(each).resolve(`${title}/package.json`)
    } catch {
      // It is not installed there.
    }
  return undefined
}

/** @returns the map, or of what package, and why it is none */
async function readMap(
  title: string,
  folder: string,
  country: string,
  regions: RegionTable,
): Promise<RegionMap | { readonly source: string; readonly fault: MapFault }> {
  const about = packageSchema.safeParse(await readData(join(folder, 'package.json')))
  const drawn = mapSchema.safeParse(await readData(join(folder, 'index.js')))
  if (!about.success) return { source: title, fault: { kind: 'unnamed' } }
  const source = `${title} ${about.data.version}`
  if (!drawn.success) return { source, fault: { kind: 'unread' } }
  const { label, viewBox, locations } = drawn.data
  const outlines = new Map<string, string>()
  const strange: string[] = []
  for (const location of locations) {
    const code = codeOf(location, country, regions)
    if (code === undefined || outlines.has(code)) strange.push(location.name)
    else outlines.set(code, location.path)
  }
  const without = regions
    .regionsOf(country)
    .filter(({ code }) => !outlines.has(code))
    .map((each) => named(each, country))
  if (without.length + strange.length > 0) return { source, fault: { kind: 'differs', without, strange } }
  const { license, author } = about.data
  // An address to write to is of no use to who reads a page.
  return { source, label, author: author.replace(/ *[<(].*/, ''), licence: license, viewBox, outlines }
}

const named = (region: Region | undefined, code: string) => ({
  code: region?.code ?? code,
  name: region?.name ?? '',
  localName: region?.localName ?? '',
})

/** A package's file as data: its main file is one literal that is exported. Undefined where it is not. */
async function readData(file: string): Promise<unknown> {
  try {
    const found = await stat(file)
    if (!found.isFile() || found.size > mostBytes) return undefined
    const text = await readFile(file, 'utf8')
    return JSON.parse(text.replace(/^\s*(export default|module\.exports =)/, '').replace(/;\s*$/, ''))
  } catch {
    return undefined
  }
}

/** The region of an outline: by its id where that ends a code of ISO 3166-2, and by its name; none where they disagree. */
function codeOf({ id, name: called }: Location, country: string, regions: RegionTable): string | undefined {
  const code = `${country}-${id.toUpperCase()}`
  const byName = regions.findByName(country, called)
  const found = [
    ...regions.regionsOf(country).filter((region) => region.code === code),
    ...(typeof byName === 'object' ? [byName] : []),
  ]
  return found.every((each) => each.code === found[0]?.code) ? found[0]?.code : undefined
}
