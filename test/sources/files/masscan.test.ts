import { describe, expect, it } from 'vitest'
import { masscan } from '../../../src/sources/files/masscan.ts'
import {
  head,
  kinds,
  masscanJson,
  masscanList,
  masscanNdjson,
  masscanXml,
  nmapXml,
  observations,
  read,
} from './scan-readings.ts'

const forms = { JSON: masscanJson, list: masscanList, NDJSON: masscanNdjson, XML: masscanXml }

/** A record as old versions print it. */
const old = (time: number): string =>
  `{   "ip": "192.0.2.20",   "timestamp": "${time}", "ports": [ {"port": 80, "proto": "tcp", "status": "open"} ] }`

describe('masscan', () => {
  it.each(Object.entries(forms))('reads %s', async (_, input) => {
    const found = await read(masscan, input)
    expect(kinds(found)).toEqual(['record', 'record', 'record', 'record'])
    const base = { source: 'masscan', ip: '192.0.2.20' }
    expect(observations(found)).toEqual([
      { ...base, port: 80, transport: 'tcp', outcome: 'open', observedAt: '2024-05-01T00:00:00.000000Z' },
      { ...base, port: 0, transport: 'icmp', outcome: 'open', observedAt: '2024-05-01T00:00:01.000000Z' },
      {
        ...base,
        port: 80,
        transport: 'tcp',
        outcome: 'answered',
        observedAt: '2024-05-01T00:00:02.000000Z',
        module: 'http',
        banner: 'HTTP/1.0 200 OK\r\nServer: café\r\n',
      },
      {
        source: 'masscan',
        ip: '2001:db8::20',
        port: 22,
        transport: 'tcp',
        outcome: 'closed',
        observedAt: '2024-05-01T00:00:03.000000Z',
      },
    ])
  })

  it.each(Object.entries(forms))('knows %s by its content, even cut short', (_, input) => {
    expect(masscan.detect(head(input))).toBe(true)
    expect(masscan.detect(head(input.slice(0, 200), 'x', false))).toBe(true)
  })

  it('does not take other formats for its own', () => {
    expect(masscan.detect(head(nmapXml))).toBe(false)
    expect(masscan.detect(head('{"ip":"192.0.2.1","data":{"http":{"status":"success"}}}'))).toBe(false)
    expect(masscan.detect(head('{"ip_str":"192.0.2.1","port":80,"timestamp":"2024-05-01T00:00:00"}'))).toBe(false)
    expect(masscan.detect(head(''))).toBe(false)
  })

  it.each([
    ['trailing commas and {finished: 1}', `[\n${old(1714521600)},\n${old(1714521601)},\n{finished: 1}\n]\n`],
    ['a comma before the end', `[\n${old(1714521600)},\n${old(1714521601)},\n]\n`],
    ['comments before the array', `#masscan\n# made by hand\n[\n${old(1714521600)}\n,\n${old(1714521601)}\n]\n# end\n`],
    ['one line', `[${old(1714521600)},${old(1714521601)}]`],
    ['no array around', `${old(1714521600)},\n${old(1714521601)},\n`],
    ['brackets on the lines of records', `[${old(1714521600)},\n${old(1714521601)}]\n`],
  ])('reads JSON with %s', async (_, input) => {
    expect(kinds(await read(masscan, input))).toEqual(['record', 'record'])
    expect(masscan.detect(head(input))).toBe(true)
  })

  it('says that an unfinished file is cut', async () => {
    expect(kinds(await read(masscan, masscanJson.replace('\n]\n', '\n')))).toEqual([
      ...Array.from({ length: 4 }, () => 'record'),
      'cut',
    ])
    expect(kinds(await read(masscan, masscanList.replace('# end\n', '')))).toContain('cut')
    expect(kinds(await read(masscan, masscanNdjson.slice(0, -20)))).toEqual(['record', 'record', 'record', 'cut'])
    expect(kinds(await read(masscan, 'open tcp 80 192.0.2.1 17145'))).toEqual(['cut'])
  })

  it('refuses the binary output and says how to convert it', async () => {
    const binary = 'masscan/1.1\ns:1714521600\n\0\0\0'
    expect(masscan.detect(head(binary))).toBe(true)
    const found = await read(masscan, binary)
    expect(kinds(found)).toEqual(['reject not-a-record', 'cut'])
    expect(found[0]).toMatchObject({
      detail: 'binary masscan output: convert it with masscan --readscan FILE -oJ out.json',
    })
  })

  it('rejects bad lines and goes on', async () => {
    const found = await read(
      masscan,
      [
        '[',
        '{"ip": "192.0.2.1", "ports": "many"}',
        '{"ip": 5, "ports": [{"port": 80}]}',
        '['.repeat(50_000),
        '{"__proto__": {"ip": "192.0.2.1"}}',
        `"${'x'.repeat(200_000)}"`,
        'open tcp 70000 192.0.2.1 1714521600',
        'open tcp 80',
        old(1714521600),
        ']',
        '',
      ].join('\n'),
    )
    expect(kinds(found)).toEqual([
      'reject not-a-record',
      'reject bad-address',
      'reject not-json',
      'reject not-a-record',
      'reject line-too-long',
      'reject bad-port',
      'reject not-a-record',
      'record',
    ])
  })

  it('takes --observed-at where a record has no time', async () => {
    const input = '[\n{"ip": "192.0.2.1", "ports": [{"port": 80, "proto": "tcp", "status": "open"}]}\n]\n'
    const [undated] = observations(await read(masscan, input))
    const [dated] = observations(await read(masscan, input, { observedAt: '2024-05-01T00:00:00Z' }))
    expect(undated).not.toHaveProperty('observedAt')
    expect(dated?.observedAt).toBe('2024-05-01T00:00:00.000000Z')
  })
})
