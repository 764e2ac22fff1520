import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Words } from '../../src/api/words.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import { recordSources } from '../../src/model/observation.ts'
import { words } from '../../src/pipeline/serve.ts'
import { loadServices } from '../../src/recognise/service.ts'

const catalogue = loadServices()
let known: Words
beforeAll(async () => {
  known = words(await loadRegions(), catalogue, () => {
    throw new Error('no location is asked for')
  })
})

describe('the module a banner is served with', () => {
  test('is the first that the catalogue knows of its service, else the service; it means that service', () => {
    for (const { id, names } of catalogue.services) {
      expect(known.module(id)).toBe(names.shodan?.[0] ?? id)
      for (const name of [...(names.shodan ?? []), id, known.module(id)]) expect(known.service(name), name).toBe(id)
      expect(known.protocols[known.module(id)]).toBeDefined()
    }
    expect(Object.keys(known.protocols)).toHaveLength(catalogue.services.length)
  })

  test('is classified as the service it came from, whatever that was', () => {
    const module = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc
        .array(fc.constantFrom('scan6_', 'ssl/', 'mail', 'all', '-', '_', '.', 'x', 'HTTP', 'ü'), { maxLength: 5 })
        .map((all) => all.join('')),
    )
    const transport = fc.constantFrom('tcp', 'udp', 'sctp', '')
    const source = fc.constantFrom(...recordSources)
    fc.assert(
      fc.property(source, module, fc.nat(65_535), transport, (from, name, port, over) => {
        const { service } = catalogue.classify({ source: from, module: name, port, transport: over })
        const again = catalogue.classify({ source: 'shodan', module: known.module(service), port, transport: over })
        expect(again.service).toBe(service)
        expect(known.service(known.module(service))).toBe(service)
      }),
      { numRuns: 5000 },
    )
  })

  test('names that say nothing of a service mean none', () => {
    expect(known.service('auto')).toBe('auto')
    expect(known.service('Own-Thing')).toBe('own-thing')
  })
})

describe('a region', () => {
  test.each<[string, string | undefined, readonly string[]]>([
    ['13', 'JP', expect.arrayContaining(['JP-13']) as string[]],
    ['1', 'JP', expect.arrayContaining(['JP-01', 'AT-1']) as string[]],
    ['jp-13', undefined, ['JP-13']],
    ['Tokyo', undefined, ['JP-13']],
    ['東京', 'JP', ['JP-13']],
    ['Limburg', 'NL', ['NL-LI']],
    ['Limburg', undefined, expect.arrayContaining(['NL-LI']) as string[]],
    ['nowhere', undefined, []],
    ['', undefined, []],
  ])('%s of %s', (text, country, codes) => {
    expect(known.regions(text, country)).toEqual(codes)
  })
})
