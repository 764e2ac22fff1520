import { describe, expect, it } from 'vitest'
import { csv } from '../../../src/sources/files/csv.ts'
import { head, kinds, observations, plainCsv, read } from './scan-readings.ts'

describe('csv', () => {
  it('reads columns of common names', async () => {
    expect(observations(await read(csv, plainCsv))).toEqual([
      {
        source: 'csv',
        ip: '192.0.2.50',
        port: 25,
        transport: 'tcp',
        outcome: 'answered',
        observedAt: '2024-05-01T00:00:00.000000Z',
        module: 'smtp',
        banner: '220 mx; ready',
        country: 'JP',
        regionName: 'Tokyo',
        latitude: 35.69,
        longitude: 139.69,
      },
      {
        source: 'csv',
        ip: '192.0.2.51',
        port: 80,
        transport: 'tcp',
        outcome: 'open',
        observedAt: '2024-05-01T00:00:01.000000Z',
        country: 'JP',
      },
    ])
  })

  it.each(['ip', 'ip_address', 'IP Address', 'address', 'saddr', 'host'])('knows %s for the address', async (name) => {
    const input = `${name},DPort\n192.0.2.1,80\n`
    expect(csv.detect(head(input))).toBe(true)
    expect(observations(await read(csv, input))).toMatchObject([{ ip: '192.0.2.1', port: 80 }])
  })

  it('takes a mapping of columns', async () => {
    const input = 'target,p,where,when\n192.0.2.1,80,13,2024-05-01\n'
    expect(csv.detect(head(input))).toBe(false)
    const columns = { ip: 'Target', port: 'p', regionCode: 'where', observedAt: 'when' }
    expect(observations(await read(csv, input, { columns }))).toMatchObject([
      { ip: '192.0.2.1', port: 80, regionCode: '13', observedAt: '2024-05-01T00:00:00.000000Z' },
    ])
  })

  it('says which column or field a wrong mapping names', async () => {
    await expect(read(csv, 'ip,port\n', { columns: { ip: 'adress' } })).rejects.toThrow('no column "adress" for ip')
    await expect(read(csv, 'ip,port\n', { columns: { prt: 'port' } })).rejects.toThrow('no field "prt"')
    await expect(read(csv, 'ip,port\n', { columns: { toString: 'port' } })).rejects.toThrow('no field "toString"')
  })

  it('reads outcomes, and an application protocol where the transport is expected', async () => {
    const input = 'ip,port,protocol,state\n192.0.2.1,80,tcp,closed\n192.0.2.1,81,UDP,open\n192.0.2.1,82,HTTP,\n'
    expect(observations(await read(csv, input))).toMatchObject([
      { transport: 'tcp', outcome: 'closed' },
      { transport: 'udp', outcome: 'open' },
      { transport: 'tcp', outcome: 'answered', module: 'http' },
    ])
  })

  it('rejects a table without addresses or ports once, and bad rows each', async () => {
    expect(kinds(await read(csv, 'ip,name\n192.0.2.1,x\n'))).toEqual(['reject bad-row'])
    expect(
      kinds(await read(csv, 'ip,port,time\nx,80,\n,80,\n192.0.2.1,,\n192.0.2.1,80,soon\n192.0.2.1,80,\n')),
    ).toEqual(['reject bad-address', 'reject no-address', 'reject bad-port', 'reject bad-time', 'record'])
  })

  it('keeps columns named like object properties harmless', async () => {
    const input = '__proto__,constructor,ip,port\nx,y,192.0.2.1,80\n'
    expect(observations(await read(csv, input))).toEqual([
      { source: 'csv', ip: '192.0.2.1', port: 80, transport: 'tcp', outcome: 'open' },
    ])
  })

  it('is known only by a header with addresses and ports', () => {
    expect(csv.detect(head(plainCsv))).toBe(true)
    expect(csv.detect(head('ip,name\n'))).toBe(false)
    expect(csv.detect(head('{"ip": 1, "port": 2}'))).toBe(false)
    expect(csv.detect(head('192.0.2.1,80\n'))).toBe(false)
    expect(csv.detect(head(''))).toBe(false)
  })
})
