import { describe, expect, test } from 'vitest'
import { telnet } from '../../src/probes/telnet.ts'
import { assertTears, certificate, converse, type Script } from '../helpers/converse.ts'

const [se, sb, will, wont, doing, dont, iac] = [240, 250, 251, 252, 253, 254, 255]
const bytes = (...values: readonly number[]): string => String.fromCharCode(...values)
const offers = bytes(iac, doing, 24, iac, will, 1, iac, will, 3, iac, wont, 5, iac, dont, 6)
const refusals = bytes(iac, wont, 24, iac, dont, 1, iac, dont, 3)

const open: Script = { says: [offers, '\r\nMikroTik v6.49.10 (stable)\r\nLogin: '], over: 'silent' }

describe('a telnet server', () => {
  test('is refused all options, and says what it says before a login', () => {
    const { finding, sent, heard } = converse(telnet, open)
    expect(finding).toEqual({
      module: 'telnet',
      banner: '\r\nMikroTik v6.49.10 (stable)\r\nLogin:',
      hostnames: [],
      tags: [],
    })
    expect(sent).toBe(refusals)
    expect(heard, 'it does not wait for silence after the prompt').toBe(2)
  })

  test('that insists is refused once', () => {
    expect(converse(telnet, { says: [offers.repeat(50)] }).sent).toBe(refusals)
  })

  test('that negotiates and says nothing is one', () => {
    expect(converse(telnet, { says: [offers] }).finding).toEqual({ module: 'telnet', hostnames: [], tags: [] })
  })

  test('may negotiate at length, and escape bytes', () => {
    const long = `${bytes(iac, sb, 24, iac, iac, se)}hidden${bytes(iac, se)}`
    const { finding } = converse(telnet, { says: [`${long}a${bytes(iac, iac)}b\r\0\nc${bytes(iac, 241)}d`] })
    expect(finding?.banner).toBe('a\u00ffb\r\ncd')
  })

  test('that does not negotiate is known by its prompt, at the end of all it says', () => {
    expect(converse(telnet, { says: ['Example OS\r\nUsername: '], over: 'silent' }).finding?.banner).toBe(
      'Example OS\r\nUsername: ',
    )
  })

  test('within TLS shows its certificate', () => {
    const { finding } = converse(telnet, { ...open, context: { tls: certificate(['t.example.net']) } })
    expect(finding?.hostnames).toEqual(['t.example.net'])
  })

  test.each([
    ['a text', 'Hello\r\n'],
    ['a text about a login', 'login: see below\r\nbye\r\n'],
    ['another protocol that wants a login', '220 Please give user: '],
    ['POP3 that wants one', '+OK password:'],
    ['a lone mark', bytes(iac)],
    ['half an option', bytes(iac, doing)],
    ['marks without options', bytes(iac, 241, iac, 249)],
  ])('is not %s', (_, says) => {
    expect(converse(telnet, { says: [says], over: 'silent' }).finding).toBeUndefined()
  })
})

test.each([
  ['with options', open],
  ['without', { says: ['Example OS\r\nUsername: '] }],
  ['with options after the prompt', { says: ['login: ', offers, 'password: '] }],
  ['with a long option', { says: [bytes(iac, sb, 24, iac, iac, iac, se), 'user: more'] }],
])('torn at any byte: %s', (_, script) => {
  assertTears(telnet, script)
})

test.each([
  ['text', [offers, 'x'.repeat(100_000)], 8192],
  ['an option', [offers, bytes(iac, sb), 'x'.repeat(100_000)], 0],
  ['marks', [offers, bytes(iac, 241).repeat(50_000)], 0],
])('hostile: %s without end', (_, says, length) => {
  const pieces = says.flatMap((each) => each.match(/[^]{1,64}/g) ?? [])
  const { finding, heard } = converse(telnet, { says: pieces })
  expect(finding?.module).toBe('telnet')
  expect(finding?.banner?.length ?? 0).toBe(length)
  expect(heard).toBeLessThan(300)
})
