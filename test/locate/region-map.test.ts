import { createHash } from 'node:crypto'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parseHTML } from 'linkedom'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadRegionMap, type FoundMap } from '../../src/locate/region-map.ts'
import { loadRegions, type RegionTable } from '../../src/locate/regions.ts'
import { englishWarning } from '../../src/reports/warnings.ts'
import { temporaryFolder } from '../helpers/store.ts'

let regions: RegionTable
beforeAll(async () => {
  regions = await loadRegions()
})

interface Package {
  readonly name?: string
  readonly about?: unknown
  /** Text of index.js; a sound map of Austria when absent. */
  readonly text?: string
}

const austria = (): { id: string; name: string; path: string }[] =>
  regions.regionsOf('AT').map(({ code, name }) => ({ id: code.slice(3), name, path: 'M0 0L9,9z' }))
const literal = (locations: unknown, more: object = {}): string =>
  `export default ${JSON.stringify({ label: 'Map of Austria', viewBox: '0 0 600 300', locations, ...more })}`
const sound = { version: '2.0.0', license: 'CC-BY-4.0', author: 'A Nobody <nobody@example.com> (https://example.com)' }

/** Of an outline, which would fill a screen. */
const digest = (path: string): string =>
  createHash('sha256').update(path.replaceAll(/\s+/g, ' ').trim()).digest('hex').slice(0, 8)

/** A folder in which a package is installed, and a file beside which it is found. */
async function installed({ name = '@svg-maps/austria', about = sound, text = literal(austria()) }: Package) {
  const folder = await temporaryFolder()
  const place = join(folder, 'node_modules', name)
  await mkdir(place, { recursive: true })
  await writeFile(join(place, 'package.json'), typeof about === 'string' ? about : JSON.stringify(about))
  await writeFile(join(place, 'index.js'), text)
  return { place, file: join(folder, 'package.json') }
}

async function found(given: Package) {
  const { file } = await installed(given)
  return worded(await loadRegionMap('AT', regions, [file]))
}
const worded = ({ refused, ...others }: FoundMap) => ({ ...others, refused: refused?.map(englishWarning) })

describe('outlines of a country’s regions', () => {
  test.each([
    ['JP', '@svg-maps/japan'],
    ['DE', '@svg-maps/germany'],
    ['IT', '@svg-maps/italy'],
  ])('of %s are those of %s, a region each, by code or by name', async (country, title) => {
    const { map, refused } = await loadRegionMap(country, regions)
    expect(refused).toBeUndefined()
    // The package’s own drawing has the same outlines, in an element each.
    const folder = dirname(createRequire(import.meta.url).resolve(`${title}/package.json`))
    const drawing = parseHTML(await readFile(join(folder, `${title.slice(10)}.svg`), 'utf8')).document
    const drawn = [...drawing.querySelectorAll('path')].map((path) => {
      const name = path.getAttribute('name') ?? path.getAttribute('aria-label') ?? ''
      const region = regions.findByName(country, name)
      return `${typeof region === 'object' ? region.code : name} ${digest(path.getAttribute('d') ?? '')}`
    })
    expect(drawn).toHaveLength(regions.regionsOf(country).length)
    expect([...(map?.outlines ?? [])].map(([code, d]) => `${code} ${digest(d)}`).toSorted()).toEqual(drawn.toSorted())
    expect(map).toMatchObject({ source: `${title} 2.0.0`, licence: 'CC-BY-4.0', author: 'Victor Cazanave' })
  })

  test('a country without a package has none, and nothing is said of it', async () => {
    expect(await loadRegionMap('FR', regions)).toEqual({ refused: [] })
    expect(await loadRegionMap('XX', regions)).toEqual({ refused: [] })
  })

  test.each(['@svg-maps/austria', '@svg-maps/austria.regions', '@svg-maps/austria.provinces'])(
    '%s is found in the folder that the program runs in',
    async (name) => {
      const { map } = await found({ name })
      expect(map).toEqual({
        source: `${name} 2.0.0`,
        label: 'Map of Austria',
        author: 'A Nobody',
        licence: 'CC-BY-4.0',
        viewBox: '0 0 600 300',
        outlines: new Map(regions.regionsOf('AT').map(({ code }) => [code, 'M0 0L9,9z'])),
      })
    },
  )

  test('a country’s other names are looked for, too', async () => {
    const states = regions.regionsOf('US').map(({ code, name }) => ({ id: code.slice(3), name, path: 'm0,0 z' }))
    const { file } = await installed({
      name: '@svg-maps/usa',
      text: `module.exports = ${literal(states).slice(15)};\n`,
    })
    expect((await loadRegionMap('US', regions, [file])).map?.outlines.size).toBe(51)
  })

  test('what has other borders is not drawn, and what differs is named', async () => {
    const [first, second, ...others] = austria()
    if (first === undefined || second === undefined) throw new Error('too few regions')
    const refusal = async (locations: unknown) => {
      const { map, refused } = await found({ text: literal(locations) })
      expect(map).toBeUndefined()
      return refused
    }
    const before = 'no map is drawn of Austria: @svg-maps/austria 2.0.0 has'
    expect(await refusal([second, ...others])).toEqual([`${before} no outline of ${first.name}`])
    expect(await refusal([first, second, ...others, { ...first, id: 'x', name: 'Liechtenstein' }])).toEqual([
      `${before} outlines of no region, or of one twice: Liechtenstein`,
    ])
    expect(await refusal([first, first, ...others])).toEqual([
      `${before} no outline of ${second.name}; outlines of no region, or of one twice: ${first.name}`,
    ])
    // An id that says one region, and a name that says another.
    expect(await refusal([{ ...first, id: second.id }, second, ...others])).toEqual([
      `${before} no outline of ${first.name}; outlines of no region, or of one twice: ${first.name}`,
    ])
    expect((await refusal([{ ...first, name: 'Everything' }]))?.[0]).toMatch(/no outline of .+, .+, .+ and 5 more$/)
  })

  test.each([
    ['a program', 'globalThis.ran = true\nexport default {}'],
    ['a program in the literal', `export default {"label": (globalThis.ran = true, "x")}`],
    ['nothing', ''],
    ['no object', 'export default []'],
    ['half of it', () => literal(austria()).slice(0, -30)],
    ['half a gigabyte of brackets, nearly', `export default ${'['.repeat(190_000)}`],
    [
      'more than a page has room for',
      () => literal(austria().map((each) => ({ ...each, path: `M${' 1'.repeat(20_000)}` }))),
    ],
    ['a path that is markup', () => literal(austria().map((each) => ({ ...each, path: 'M0 0"/><script>' })))],
    ['a path that is a function', () => literal(austria().map((each) => ({ ...each, path: 'url(//example.com)' })))],
    ['no path', () => literal(austria().map((each) => ({ ...each, path: '' })))],
    ['a box without a size', () => literal(austria(), { viewBox: '0 0 0 300' })],
    ['a box that is markup', () => literal(austria(), { viewBox: '0 0 1 1"><script>' })],
    ['a name without end', () => literal(austria().map((each) => ({ ...each, name: 'x'.repeat(101) })))],
    ['no name', () => literal(austria().map(({ id, path }) => ({ id, path })))],
    ['a label that is none', () => literal(austria(), { label: { toString: 'x' } })],
  ])('a package that has %s in place of a map is not used, and not run', async (_, text) => {
    const { map, refused } = await found({ text: typeof text === 'string' ? text : text() })
    expect(map).toBeUndefined()
    expect(refused).toEqual([
      'no map is drawn of Austria: @svg-maps/austria 2.0.0 is no map of @svg-maps as it is known here, or too large for a page',
    ])
    expect(globalThis).not.toHaveProperty('ran')
  })

  test.each([
    ['no licence', { ...sound, license: undefined }],
    ['no version', { ...sound, version: '' }],
    ['a version that is text', { ...sound, version: '2.0.0 <b>' }],
    ['nothing', '{}'],
  ])('a package that names %s is not used', async (_, about) => {
    const { map, refused } = await found({ about })
    expect(map).toBeUndefined()
    expect(refused).toEqual(['no map is drawn of Austria: @svg-maps/austria names no version or no licence'])
  })

  test('what is no file is not read', async () => {
    const { file, place } = await installed({ name: '@svg-maps/austria.regions' })
    const other = join(dirname(place), 'austria')
    await mkdir(other)
    await writeFile(join(other, 'package.json'), JSON.stringify(sound))
    await symlink('/dev/zero', join(other, 'index.js'))
    const { map, refused } = await loadRegionMap('AT', regions, [file])
    // Nor does it stand in the way of one that is sound.
    expect([map?.source, refused]).toEqual(['@svg-maps/austria.regions 2.0.0', undefined])
  })

  test('cut at any byte, it is a map or refused', async () => {
    const whole = literal(austria().map((each) => ({ ...each, path: 'M0 0z' })))
    const { file, place } = await installed({ text: whole })
    for (let length = 0; length < whole.length; length += 7) {
      await writeFile(join(place, 'index.js'), whole.slice(0, length))
      expect((await loadRegionMap('AT', regions, [file])).refused).toHaveLength(1)
    }
  })
})
