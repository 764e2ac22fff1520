import { describe, expect, it } from 'vitest'
import { zmap } from '../../../src/sources/files/zmap.ts'
import { head, kinds, observations, plainCsv, read, zmapCsv } from './scan-readings.ts'

describe('zmap', () => {
  it('reads the answering port, the outcome and the time', async () => {
    expect(observations(await read(zmap, zmapCsv))).toEqual([
      {
        source: 'zmap',
        ip: '192.0.2.30',
        port: 80,
        transport: 'tcp',
        outcome: 'open',
        observedAt: '2024-05-01T00:00:00.000042Z',
      },
      {
        source: 'zmap',
        ip: '192.0.2.31',
        port: 80,
        transport: 'tcp',
        outcome: 'closed',
        observedAt: '2024-05-01T00:00:01.000000Z',
      },
    ])
  })

  it.each([
    ['classification,success,sport,udp_pkt_size', 'udp,1,123,48', 'udp', 123, 'answered'],
    ['classification,success,sport,udp_pkt_size', 'icmp-unreach,0,123,', 'udp', 123, 'filtered'],
    ['classification,success,icmp_id', 'echoreply,1,7', 'icmp', 0, 'open'],
    ['sport', '443', 'tcp', 443, 'open'],
  ])('%s of %s', async (columns, row, transport, port, outcome) => {
    const [only] = observations(await read(zmap, `saddr,${columns}\n192.0.2.30,${row}\n`))
    expect(only).toMatchObject({ transport, port, outcome })
  })

  it('reads times with a zone, and of old versions', async () => {
    const [zoned] = observations(
      await read(zmap, 'saddr,sport,timestamp_str\n192.0.2.30,80,2024-05-01T09:00:00.250+0900\n'),
    )
    expect(zoned?.observedAt).toBe('2024-05-01T00:00:00.250000Z')
    const [old] = observations(await read(zmap, 'saddr,sport,timestamp-ts\n192.0.2.30,80,1714521600\n'))
    expect(old?.observedAt).toBe('2024-05-01T00:00:00.000000Z')
    expect(
      kinds(await read(zmap, 'saddr,sport,timestamp_ts,timestamp_us\n192.0.2.30,80,99999999999999999999,1\n')),
    ).toEqual(['reject bad-time'])
  })

  it('takes --observed-at where there is no time', async () => {
    const input = 'saddr,sport\n192.0.2.30,80\n'
    expect(observations(await read(zmap, input))[0]).not.toHaveProperty('observedAt')
    const [dated] = observations(await read(zmap, input, { observedAt: '2024-05-01T00:00:00Z' }))
    expect(dated?.observedAt).toBe('2024-05-01T00:00:00.000000Z')
  })

  it('guesses no port for a list of addresses', async () => {
    const found = await read(zmap, '192.0.2.1\n2001:db8::1\n', { fileName: 'results-25.csv' })
    expect(kinds(found)).toEqual(['reject bad-port', 'reject bad-port'])
    expect(JSON.stringify(found[0])).toContain('--format csv')
  })

  it('is known by its header, or by nothing but addresses', () => {
    expect(zmap.detect(head(zmapCsv))).toBe(true)
    expect(zmap.detect(head('192.0.2.1\n192.0.2.2\n192.0.', 'x', false))).toBe(true)
    expect(zmap.detect(head('192.0.2.1\nhello\n'))).toBe(false)
    expect(zmap.detect(head(plainCsv))).toBe(false)
    expect(zmap.detect(head(''))).toBe(false)
  })
})
