import { describe, expect, it } from 'vitest'
import { nmap } from '../../../src/sources/files/nmap.ts'
import { head, kinds, masscanXml, nmapXml, observations, read } from './scan-readings.ts'

const scan = (ports: string, host = ''): string =>
  `<nmaprun scanner="nmap" start="1714521600"><host${host}><address addr="192.0.2.10" addrtype="ipv4"/><ports>${ports}</ports></host></nmaprun>`
const port = (inner: string, id = '80'): string => `<port protocol="tcp" portid="${id}">${inner}</port>`

describe('nmap', () => {
  it('reads services, scripts, CPEs, states, hostnames and times', async () => {
    const found = await read(nmap, nmapXml)
    expect(kinds(found)).toEqual(Array.from({ length: 7 }, () => 'record'))
    const base = {
      source: 'nmap',
      ip: '192.0.2.10',
      transport: 'tcp',
      observedAt: '2024-05-01T00:01:05.000000Z',
      hostnames: 'mail.example.net',
    }
    expect(observations(found)).toEqual([
      {
        ...base,
        port: 22,
        outcome: 'answered',
        module: 'ssh',
        product: 'OpenSSH',
        version: '9.6',
        os: 'Linux',
        cpe: 'cpe:/a:openbsd:openssh:9.6 cpe:/o:linux:linux_kernel',
        banner: 'SSH-2.0-OpenSSH_9.6\nextrainfo: protocol 2.0',
      },
      {
        ...base,
        port: 443,
        outcome: 'answered',
        module: 'ssl/http',
        product: 'nginx',
        deviceType: 'webcam',
        banner: 'Server: nginx\nssl-cert: Subject: commonName=café',
      },
      { ...base, port: 8009, outcome: 'open', module: 'ajp13' },
      { ...base, port: 8080, outcome: 'open', module: 'tcpwrapped' },
      { ...base, port: 25, outcome: 'closed', module: 'smtp' },
      { ...base, port: 123, transport: 'udp', outcome: 'filtered' },
      // No time of the host's own: the scan's start.
      {
        source: 'nmap',
        ip: '2001:db8::10',
        port: 80,
        transport: 'tcp',
        outcome: 'filtered',
        observedAt: '2024-05-01T00:00:00.000000Z',
      },
    ])
  })

  it.each([
    ['open', 'open'],
    ['closed', 'closed'],
    ['filtered', 'filtered'],
    ['unfiltered', 'filtered'],
    ['open|filtered', 'filtered'],
    ['closed|filtered', 'filtered'],
  ])('state %s is %s', async (state, outcome) => {
    const [only] = observations(await read(nmap, scan(port(`<state state="${state}"/>`))))
    expect(only?.outcome).toBe(outcome)
  })

  it('takes an answer nmap could not name for an answer', async () => {
    const [only] = observations(
      await read(nmap, scan(port('<state state="open"/><service name="x" method="table" servicefp="SF-Port80"/>'))),
    )
    expect(only?.outcome).toBe('answered')
  })

  it('reads several scans in one input, XML declarations and all', async () => {
    const found = await read(nmap, nmapXml + nmapXml)
    expect(kinds(found)).toEqual(Array.from({ length: 14 }, () => 'record'))
  })

  it('keeps what is whole of a truncated scan, also before another one', async () => {
    const torn = nmapXml.slice(0, nmapXml.indexOf('portid="8009"') + 9)
    expect(kinds(await read(nmap, torn))).toEqual(['record', 'record', 'cut'])
    const found = await read(nmap, `${torn}\n${nmapXml}`)
    expect(observations(found)).toHaveLength(9)
    expect(kinds(found)).toContain('cut')
    const tornBetween = nmapXml.slice(0, nmapXml.indexOf('<port protocol="tcp" portid="8009"'))
    expect(kinds(await read(nmap, tornBetween + nmapXml))).toContain('cut')
  })

  it('says so when nmap itself failed', async () => {
    const failed = scan('').replace(
      '</nmaprun>',
      '<runstats><finished exit="error" errormsg="no route"/></runstats></nmaprun>',
    )
    expect(await read(nmap, failed)).toMatchObject([{ kind: 'cut', detail: 'the scan failed: no route' }])
  })

  it('rejects what is not well-formed, not a state, not an address, not a port, not a time, and goes on', async () => {
    const good = port('<state state="open"/>')
    expect(kinds(await read(nmap, scan(port('<state state="&xxe;"/>') + good)))).toEqual([
      'reject not-a-record',
      'record',
    ])
    expect(kinds(await read(nmap, scan(port('<state state="ajar"/>') + good)))).toEqual([
      'reject not-a-record',
      'record',
    ])
    expect(kinds(await read(nmap, scan(port('<state state="open"/>', '99999') + good)))).toEqual([
      'reject bad-port',
      'record',
    ])
    expect(kinds(await read(nmap, scan(good).replace('192.0.2.10', 'somewhere')))).toEqual(['reject bad-address'])
    expect(kinds(await read(nmap, scan(good, ' endtime="yesterday"')))).toEqual(['reject bad-time'])
  })

  it('holds no more of one port than the limit', async () => {
    const scripts = '<script id="a" output="xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"/>'.repeat(10_000)
    const found = await read(nmap, scan(port(`<state state="open"/>${scripts}`) + port('<state state="open"/>')))
    expect(kinds(found)).toEqual(['reject not-a-record', 'record'])
  })

  it('is known by its content, even when the head ends in the middle', () => {
    expect(nmap.detect(head(nmapXml))).toBe(true)
    expect(nmap.detect(head(nmapXml.slice(0, 400), 'x', false))).toBe(true)
    expect(nmap.detect(head(masscanXml))).toBe(false)
    expect(nmap.detect(head('{"banner": "<nmaprun>"}'))).toBe(false)
    expect(nmap.detect(head('<html></html>'))).toBe(false)
  })
})
