import * as fc from 'fast-check'
import { isIP } from 'node:net'
import { describe, expect, it } from 'vitest'
import { rejectReasons } from '../../../src/model/reader.ts'
import type { Reader, Reading } from '../../../src/model/reader.ts'
import { csv } from '../../../src/sources/files/csv.ts'
import { masscan } from '../../../src/sources/files/masscan.ts'
import { nmap } from '../../../src/sources/files/nmap.ts'
import { shadowserver } from '../../../src/sources/files/shadowserver.ts'
import { zmap } from '../../../src/sources/files/zmap.ts'
import {
  head,
  masscanJson,
  masscanList,
  masscanNdjson,
  masscanXml,
  nmapXml,
  observations,
  plainCsv,
  read,
  scanNtp,
  zmapCsv,
} from './scan-readings.ts'

/** Each fixture, and what a record of it looks like there. */
const cases: readonly [string, Reader, string, RegExp][] = [
  ['nmap', nmap, nmapXml, /<port .*?<\/port>/gs],
  ['masscan JSON', masscan, masscanJson, /^\{.*$/gm],
  ['masscan list', masscan, masscanList, /^[a-z].*$/gm],
  ['masscan NDJSON', masscan, masscanNdjson, /^\{.*$/gm],
  ['masscan XML', masscan, masscanXml, /<port .*?<\/port>/gs],
  ['zmap', zmap, zmapCsv, /^\d.*$/gm],
  ['shadowserver', shadowserver, scanNtp, /^"2024.*(\n4.*)?$/gm],
  ['csv', csv, plainCsv, /^\d.*$/gm],
]

function isModelled(reading: Reading): boolean {
  if (!Number.isInteger(reading.line) || reading.line < 1) return false
  if (reading.kind !== 'record') return reading.kind === 'cut' || rejectReasons.includes(reading.reason)
  const { ip, port, observedAt } = reading.observation
  const dated = observedAt === undefined || /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(observedAt)
  return isIP(ip) !== 0 && port >= 0 && port <= 65_535 && dated
}

const unmodelled = (readings: readonly Reading[]): Reading[] => readings.filter((reading) => !isModelled(reading))

describe.each(cases)('%s', (_, reader, fixture, recordText) => {
  it('gives the same readings one byte at a time', async () => {
    const whole = await read(reader, fixture)
    expect(observations(whole).length).toBeGreaterThan(1)
    expect(await read(reader, fixture, {}, 1)).toEqual(whole)
  })

  it('keeps everything whole before a cut at every byte', async () => {
    const all = observations(await read(reader, fixture))
    const ends = [...fixture.matchAll(recordText)].map((match) => match.index + match[0].length)
    expect(ends).toHaveLength(all.length)
    for (let cut = 0; cut < fixture.length; cut++) {
      const readings = await read(reader, fixture.slice(0, cut))
      const found = observations(readings)
      const whole = ends.filter((end) => end <= cut).length
      expect(unmodelled(readings)).toEqual([])
      expect(found.slice(0, whole), `cut at ${cut}`).toEqual(all.slice(0, whole))
      expect(found.length, `cut at ${cut}`).toBeLessThanOrEqual(whole + 1)
    }
  })

  it('throws on no bytes at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        reader.detect(head(Buffer.from(bytes).toString('utf8')))
        expect(unmodelled(await read(reader, bytes, { maxRecordBytes: 100 }))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  it('throws on no mutation of a sound input, and chunks change nothing', async () => {
    const sound = Buffer.from(fixture)
    const spoils = fc.array(
      fc.record({
        at: fc.nat(sound.length),
        cut: fc.nat(30),
        put: fc.oneof(
          fc.uint8Array({ maxLength: 4 }),
          fc
            .constantFrom('"', '\n', '<', '&x;', '</', ',', '{', ']', '\0', '\r\n', '\uFEFF', '<!--', '99999999999')
            .map((text) => Buffer.from(text)),
        ),
      }),
      { minLength: 1, maxLength: 6 },
    )
    await fc.assert(
      fc.asyncProperty(spoils, fc.integer({ min: 1, max: 40 }), async (mutations, size) => {
        let bytes = sound
        for (const { at, cut, put } of mutations)
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)])
        const readings = await read(reader, bytes)
        expect(unmodelled(readings)).toEqual([])
        expect(await read(reader, bytes, {}, size)).toEqual(readings)
      }),
      { numRuns: 200 },
    )
  })
})

describe('detection', () => {
  it.each(cases)('%s is known by its own reader first', (name, reader, fixture) => {
    const asked = [nmap, masscan, zmap, shadowserver, csv]
    expect(asked.find((candidate) => candidate.detect(head(fixture)))).toBe(reader)
    expect(name).toContain(reader.id)
  })
})
