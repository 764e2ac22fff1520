import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpes } from '../../src/recognise/cpe.ts'
import { deviceType, deviceTypes } from '../../src/recognise/device-type.ts'
import { loadFingerprints } from '../../src/recognise/fingerprints.ts'
import { esmtpCapability, product, productSpeller } from '../../src/recognise/product.ts'

const told = (clue: Partial<Parameters<typeof product>[0]>) => product({ service: 'smtp', ...clue })

describe('product', () => {
  it.each([
    ['Postfix smtpd', 'Postfix', 'Postfix'],
    ['postfix', 'Postfix', 'Postfix'],
    ['Sendmail', 'Sendmail', 'Sendmail'],
    ['Exim smtpd', 'Exim', 'Exim'],
    ['Microsoft ESMTP', 'Microsoft', 'IIS SMTP'],
    ['Microsoft Exchange 2010 smtpd', 'Microsoft', 'Exchange Server'],
    ['Dovecot imapd', 'Dovecot', 'Dovecot'],
    ['Apache httpd', 'Apache', 'HTTP Server'],
    ['GoAhead-Webs', 'EmbedThis', 'GoAhead'],
    ['Boa HTTPd', 'Boa', 'Boa'],
    ['OpenSSH', 'OpenBSD', 'OpenSSH'],
    ['Dropbear sshd', 'Dropbear', 'Dropbear'],
    ['NTP', 'NTP', 'ntpd'],
    ['chronyd', 'Tuxfamily', 'chrony'],
    ['Hikvision IP Camera', 'Hikvision', 'Network camera'],
    ['MikroTik bandwidth-test server', 'MikroTik', 'RouterOS'],
  ])('%s is %s %s', (name, vendor, spelt) => {
    expect(told({ product: name })).toMatchObject({ vendor, product: spelt })
  })

  it('keeps what the table does not know as it is told', () => {
    expect(told({ vendor: 'Example Corp', product: 'Example 9 server', version: '1.0' })).toEqual({
      vendor: 'Example Corp',
      product: 'Example 9 server',
      version: '1.0',
      deviceType: '',
    })
  })

  it('takes a version off the name, and the version told before it', () => {
    expect(told({ product: 'nginx/1.25.3' })).toMatchObject({ product: 'nginx', version: '1.25.3' })
    expect(told({ product: 'Apache/2.4.41 (Ubuntu)' })).toMatchObject({ product: 'HTTP Server', version: '2.4.41' })
    expect(told({ product: 'nginx/1.25.3', version: '1.25' })).toMatchObject({ version: '1.25' })
  })

  it('calls ESMTP a capability, on mail servers only', () => {
    expect(told({ product: 'ESMTP' })).toEqual({ vendor: '', product: esmtpCapability, version: '', deviceType: '' })
    expect(told({ product: 'ESMTP', vendor: 'x' }).vendor).toBe('')
    expect(esmtpCapability).toMatch(/^\(.*\)$/)
    expect(told({ service: 'http', product: 'ESMTP' }).product).toBe('ESMTP')
  })

  it('reads CPE names where no product is told', () => {
    expect(told({ cpe: 'cpe:/o:linux:linux_kernel cpe:/a:openbsd:openssh:8.9p1' })).toMatchObject({
      vendor: 'OpenBSD',
      product: 'OpenSSH',
      version: '8.9p1',
    })
    expect(told({ cpe: 'cpe:/a:example:some_server' })).toMatchObject({ vendor: 'example', product: 'some server' })
    expect(told({ cpe: 'cpe:/o:linux:linux_kernel' })).toMatchObject({ vendor: '', product: '' })
    expect(told({ cpe: 'cpe:/o:mikrotik:routeros' })).toMatchObject({ product: 'RouterOS', deviceType: 'router' })
    expect(told({ product: 'nginx', cpe: 'cpe:/a:openbsd:openssh:8.9p1' })).toMatchObject({
      product: 'nginx',
      version: '',
    })
  })

  it("takes the source's device type before the table's", () => {
    expect(told({ product: 'MikroTik', deviceType: 'WAP' }).deviceType).toBe('wireless access point')
    expect(told({ product: 'MikroTik', deviceType: 'general purpose' }).deviceType).toBe('router')
  })

  it('spells the products of fingerprints as they do', () => {
    const rows = loadFingerprints().flatMap((file) => file.rows)
    const fixed = rows.filter((row) => row.product !== '' && row.productGroup === undefined)
    const spelt = fixed.map((row) => product({ service: 'x', vendor: row.vendor, product: row.product }))
    expect(spelt.map((each) => [each.vendor, each.product])).toEqual(fixed.map((row) => [row.vendor, row.product]))
  })

  it('is its own fixed point, whatever the source says', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__proto__', 'constructor', 'Postfix 3', 'cpe:/a:x:y'),
    )
    fc.assert(
      fc.property(word, word, word, word, word, (vendor, name, version, cpe, type) => {
        const once = told({ vendor, product: name, version, cpe, deviceType: type })
        for (const field of Object.values(once)) {
          expect(field.length).toBeLessThanOrEqual(120)
          expect([...field].every((character) => character >= ' ' && character !== '\u007f')).toBe(true)
        }
        expect(once.product === '' || told({ ...once }).product === once.product).toBe(true)
      }),
    )
  })

  it('is quick on long and hostile text', () => {
    const started = Date.now()
    for (const text of ['x'.repeat(1e6), ' 1'.repeat(1e6), '\\:'.repeat(1e6), 'cpe:/a:'.repeat(1e5)])
      told({ vendor: text, product: text, version: text, cpe: text, deviceType: text })
    told({ cpe: `cpe:/a:${'\\:'.repeat(5000)}` })
    expect(Date.now() - started).toBeLessThan(2000)
  })
})

describe('cpes', () => {
  it('undoes the escapes of both bindings', () => {
    expect(cpes(String.raw`cpe:2.3:a:foo\:bar:baz\_qux:1.2\-3:*:*:*:*:*:*:*`)).toEqual([
      { part: 'a', vendor: 'foo:bar', product: 'baz_qux', version: '1.2-3' },
    ])
    expect(cpes('cpe:/h:AVM:fritz%21box:-')).toEqual([{ part: 'h', vendor: 'avm', product: 'fritz!box', version: '' }])
  })

  it('leaves out what is no CPE', () => {
    expect(cpes('nonsense cpe:/ cpe:2.3: cpe:/x:a:b cpe:/a')).toEqual([])
    expect(cpes(undefined)).toEqual([])
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => cpes(`cpe:/a:${text}`).length < 5000))
  })
})

describe('deviceType', () => {
  it.each([
    ['webcam', 'webcam'],
    ['IP Camera', 'webcam'],
    ['storage-misc', 'storage'],
    ['WAP', 'wireless access point'],
    ['broadband router', 'router'],
    ['print server', 'printer'],
    ['VoIP phone', 'phone'],
    ['remote management', 'remote management'],
    ['security-misc', 'security device'],
    ['general purpose', ''],
    ['', ''],
    ['toaster', ''],
  ])('%s is %s', (word, type) => {
    expect(deviceType(word)).toBe(type)
  })

  it('keeps its own words', () => {
    for (const type of deviceTypes) expect(deviceType(type)).toBe(type)
  })
})

describe('the product table', () => {
  const text = readFileSync(new URL('../../data/products.json', import.meta.url), 'utf8')

  it('states source and licence', () => {
    expect(JSON.parse(text)).toMatchObject({ licence: 'MIT', source: expect.stringContaining('Own work') })
  })

  const table = (products: unknown) => JSON.stringify({ title: 't', source: 's', licence: 'l', products })
  it.each([
    ['empty', ''],
    ['null', 'null'],
    ['cut', text.slice(0, 500)],
    ['deep', '['.repeat(100_000)],
    ['a row without names', table([{ vendor: 'a', product: 'b', names: [] }])],
    ['an unknown device type', table([{ vendor: 'a', product: 'b', names: ['b'], deviceType: 'toaster' }])],
    ['a name twice', table([{ vendor: 'a', product: 'b', names: ['b', 'B'] }])],
    ['rows that are no list', table({ __proto__: null })],
  ])('is refused with exit 2 when it is wrong: %s', (_, broken) => {
    expect(() => productSpeller(broken)).toThrow(expect.objectContaining({ name: 'CensusError', exit: 2 }))
  })
})
