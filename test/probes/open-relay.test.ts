import { describe, expect, test } from 'vitest'
import type { ProbeContext } from '../../src/model/probe.ts'
import { openRelay, relayVerdicts } from '../../src/probes/checks/open-relay.ts'
import { smtp } from '../../src/probes/smtp.ts'
import { certificate, converse, type Conversed, type Script } from '../helpers/converse.ts'
import { cuts, mutants, noise } from '../helpers/hostile.ts'

const greeting = '220 mx.example.org ESMTP\r\n'
const hello = '250 mx.example.org\r\n'
const [ok, no, later] = ['250 2.1.5 Ok\r\n', '554 5.7.1 Relay access denied\r\n', '451 4.7.1 Try later\r\n']
const login = '530 5.7.0 Must issue a STARTTLS command first\r\n'

const context = (isInside = false): Partial<ProbeContext> => ({
  relay: { domain: 'relay.example.net', isInside: () => isInside },
})
const checked = (says: Script['says'], rest: Partial<Script> = {}): Conversed =>
  converse(smtp, { context: context(), says: [greeting, hello, ...says], ...rest })
const verdictOf = ({ finding }: Conversed): string | undefined => finding?.tags?.join(' ')
const wordsOf = ({ finding }: Conversed): string | undefined => finding?.banner?.split('\r\n').slice(2).join('\n')

const foreign = 'census-relay-check@relay.example.net'
const question = `MAIL FROM:<${foreign}> RCPT TO:<${foreign}>`
/** What a server says to a form whose recipient it refuses: to MAIL, RCPT and RSET. */
const refusal = [ok, no, ok]
const all = [...refusal, ...refusal, ...refusal, ...refusal, ...refusal]

describe('a server that refuses', () => {
  test('is asked in five forms, each undone, and never for more', () => {
    const { sent, finding } = checked(all)
    const literal = 'census-relay-check@[192.0.2.1]'
    expect(sent.split('\r\n')).toEqual([
      'EHLO census.invalid',
      ...[
        [`MAIL FROM:<${foreign}>`, `RCPT TO:<${foreign}>`],
        ['MAIL FROM:<>', `RCPT TO:<${foreign}>`],
        ['MAIL FROM:<census-relay-check@mx.example.org>', `RCPT TO:<${foreign}>`],
        [`MAIL FROM:<${foreign}>`, 'RCPT TO:<census-relay-check%relay.example.net@[192.0.2.1]>'],
        [`MAIL FROM:<${foreign}>`, `RCPT TO:<"${foreign}"@[192.0.2.1]>`],
      ].flatMap((form) => [...form, 'RSET']),
      'QUIT',
      '',
    ])
    expect(sent).not.toContain(literal)
    expect(finding?.tags).toEqual(['relay-refused'])
    expect(finding?.banner).toBe(`220 mx.example.org ESMTP\r\n250 mx.example.org\r\n${question} ${no.trimEnd()}`)
  })

  test('is asked within TLS, and at an address of IPv6', () => {
    const says = [greeting, '250-mx.example.org\r\n250 STARTTLS\r\n', '220 go\r\n', hello, ...all]
    const { sent, finding } = converse(smtp, {
      says,
      handshakes: [certificate()],
      context: { ...context(), address: '2001:db8::7' },
    })
    expect(sent).toMatch(/^EHLO [^<]+STARTTLS\r\n<TLS>EHLO census.invalid\r\nMAIL FROM/)
    expect(sent).toContain('RCPT TO:<census-relay-check%relay.example.net@[IPv6:2001:db8::7]>')
    expect(finding?.tags).toEqual(['starttls', 'relay-refused'])
  })

  test('from inside refuses strangers too', () => {
    expect(verdictOf(checked(all, { context: context(true) }))).toBe('relay-refused')
  })

  test.each([
    ['MAIL', [login]],
    ['RCPT', [ok, login, ok]],
  ])('all who do not log in, at %s, is asked no more', (_, says) => {
    const { sent, ...rest } = checked(says)
    expect(verdictOf({ sent, ...rest })).toBe('relay-refused')
    expect(sent.match(/MAIL/g)).toHaveLength(1)
    expect(wordsOf({ sent, ...rest })).toContain(login.trimEnd())
  })

  test.each([
    ['no name', '220 ESMTP\r\n'],
    ['an address', '220 [192.0.2.1] ESMTP\r\n'],
    ['a name without a domain', '220 mx ESMTP\r\n'],
    ['a name and more', '220 mx.example.org>,<x@mx.example.org ESMTP\r\n'],
    ['a long name', `220 ${'a.'.repeat(130)}org ESMTP\r\n`],
    ['a long label', `220 ${'a'.repeat(64)}.org ESMTP\r\n`],
    ['a name of other letters', '220 mx.ex\u00e4mple.org ESMTP\r\n'],
    ['a hyphen first', '220 -mx.example.org ESMTP\r\n'],
  ])('and greets with %s is not asked as one of its own', (_, says) => {
    const { sent } = converse(smtp, { says: [says, hello, ...all], context: context() })
    expect(sent.match(/MAIL FROM:<[^>]*>/g)).toEqual([
      `MAIL FROM:<${foreign}>`,
      'MAIL FROM:<>',
      `MAIL FROM:<${foreign}>`,
      `MAIL FROM:<${foreign}>`,
    ])
  })
})

describe('a server that accepts', () => {
  test.each(['250', '251', '252'])('with %s is open, and asked no more', (code) => {
    const { sent, finding } = checked([ok, `${code} x\r\n`, ok])
    expect(sent).toBe(`EHLO census.invalid\r\nMAIL FROM:<${foreign}>\r\nRCPT TO:<${foreign}>\r\nRSET\r\nQUIT\r\n`)
    expect(finding?.tags).toEqual(['open-relay'])
    expect(wordsOf({ finding } as Conversed)).toBe(`${question} ${code} x`)
  })

  test.each([
    ['from nobody', 1, `MAIL FROM:<> RCPT TO:<${foreign}>`],
    ['from one of its own', 2, `MAIL FROM:<census-relay-check@mx.example.org> RCPT TO:<${foreign}>`],
  ])('%s alone is open', (_, refused, words) => {
    const asked = checked([...all.slice(0, 3 * refused), ok, '250-2.1.5 yes\r\n250 2.1.5 it is\r\n', ok])
    expect(verdictOf(asked)).toBe('open-relay')
    expect(wordsOf(asked)).toBe(`${words} 250-2.1.5 yes\n250 2.1.5 it is`)
  })

  test.each([
    ['percent sign', 3, `<census-relay-check%relay.example.net@[192.0.2.1]>`],
    ['quotes', 4, `<"${foreign}"@[192.0.2.1]>`],
  ])('what is addressed to itself with a %s is open where it knows its mailboxes', (_, refused, recipient) => {
    const asked = checked([...all.slice(0, 3 * refused), ok, ok, '550 5.1.1 User unknown\r\n', ok])
    expect(verdictOf(asked)).toBe('open-relay')
    expect(wordsOf(asked)).toContain(recipient)
    expect(asked.sent).toContain(`RCPT TO:${recipient}\r\nRCPT TO:<census-relay-check@[192.0.2.1]>\r\nRSET\r\nQUIT`)
  })

  test.each([
    ['takes', ok],
    ['may take', later],
  ])('what is addressed to itself, and %s every mailbox, has shown nothing', (_, control) => {
    expect(verdictOf(checked([...all.slice(0, 9), ok, ok, control, ok, ok, ok, control, ok]))).toBe('relay-refused')
  })

  test('from inside is unknown, and its words are kept', () => {
    const asked = checked([ok, ok, ok], { context: context(true) })
    expect(verdictOf(asked)).toBe('relay-unknown-inside')
    expect(wordsOf(asked)).toBe(`${question} 250 2.1.5 Ok`)
  })
})

describe('nothing is known of a server', () => {
  test.each([
    ['puts it off', [ok, later, ok, ...all], `${question} 451 4.7.1 Try later`],
    ['says what is neither', [ok, '354 Go ahead\r\n', ok, ...all], `${question} 354 Go ahead`],
    ['refuses the sender', ['550 5.7.23 SPF\r\n', ...all], `MAIL FROM:<${foreign}> 550 5.7.23 SPF`],
    ['puts the sender off', [later, ...all], `MAIL FROM:<${foreign}> 451 4.7.1 Try later`],
    ['breaks off after the sender', [ok], ''],
    ['breaks off after a refusal', refusal, `${question} 554 5.7.1 Relay access denied`],
    ['breaks off in an answer', [ok, '55'], ''],
    ['breaks off in an answer of several lines', [ok, '250-2.1.5 Ok\r\n'], ''],
    ['breaks off before the control', [...all.slice(0, 9), ok, ok], `${question} 554 5.7.1 Relay access denied`],
    ['breaks off before the last control', [...all.slice(0, 12), ok, ok], `${question} 554 5.7.1 Relay access denied`],
    ['says what is no answer', [ok, 'hello\r\n'], ''],
  ])('that %s', (_, says, words) => {
    for (const over of ['closed', 'silent', 'full'] as const) {
      const asked = checked(says, { over })
      expect(verdictOf(asked)).toBe('relay-unknown')
      expect(wordsOf(asked)).toBe(words)
    }
  })

  test.each([
    ['refuses service', ['554 mx.example.org no service\r\n', hello]],
    ['is busy', ['421 mx.example.org busy\r\n']],
    ['refuses EHLO', ['220 mx.example.org ESMTP\r\n', '550 5.7.1 go away\r\n']],
  ])('that %s: it is asked nothing', (_, says) => {
    const asked = converse(smtp, { says, context: context() })
    expect(verdictOf(asked)).toBe('relay-unknown')
    expect(asked.sent).not.toMatch(/MAIL|RCPT|RSET/)
  })

  test('whose TLS fails', () => {
    const asked = converse(smtp, { says: [greeting, '250 STARTTLS\r\n', '220 go\r\n'], context: context() })
    expect(verdictOf(asked)).toBe('starttls relay-unknown')
  })
})

test('nobody is asked where the check is not', () => {
  const { sent, finding } = converse(smtp, { says: [greeting, hello, ...all] })
  expect(sent).toBe('EHLO census.invalid\r\nQUIT\r\n')
  expect(finding?.tags).toEqual([])
})

test('it is asked what this machine is called there', () => {
  const asked: string[] = []
  const isInside = (from: string): boolean => asked.push(from) > 9
  checked([ok, ok, ok], { context: { from: '203.0.113.9', relay: { domain: 'relay.example.net', isInside } } })
  expect(asked).toEqual(['203.0.113.9'])
})

describe('hostile', () => {
  const talks: readonly (readonly string[])[] = [
    [greeting, hello, ...all],
    [greeting, hello, ok, ok, ok, ok],
    [greeting, hello, ...all.slice(0, 9), ok, ok, no, ok],
  ]
  const verdicts: readonly string[] = relayVerdicts
  const verdict = (says: Script['says']): string | undefined => {
    const { finding } = converse(smtp, { says, context: context() })
    return finding === undefined ? undefined : finding.tags?.filter((tag) => tag.includes('relay')).join(' ')
  }

  test.each(talks)('torn at every byte there is one verdict, and in bytes the same: %#', (...says) => {
    const whole = Buffer.from(says.join(''), 'latin1')
    expect(verdict([...whole].map((byte) => Uint8Array.of(byte)))).toEqual(verdict(says))
    const told = [...cuts(whole)].map((cut) => verdict([cut]))
    expect(told.filter((each) => each !== undefined && !verdicts.includes(each))).toEqual([])
  })

  test.each(talks)('with other bytes in them there is one verdict: %#', (...says) => {
    const told = [...mutants(Buffer.from(says.join(''), 'latin1'), 3000), ...noise(300)].map((bytes) =>
      verdict([bytes]),
    )
    expect(told.filter((each) => each !== undefined && !verdicts.includes(each))).toEqual([])
    expect(told.filter((each) => each !== undefined).length).toBeGreaterThan(1000)
  })

  test('a peer that never ends its answers is left', () => {
    const { heard, finding } = checked([ok, ...Array<string>(1000).fill('250-more\r\n')])
    expect(heard).toBeLessThan(80)
    expect(finding?.tags).toEqual(['relay-unknown'])
  })
})

test('its facts name the verdict’s limits', () => {
  expect(openRelay).toMatchObject({ id: 'open-relay', probe: 'smtp' })
  expect(openRelay.identity).toContain('not tested')
})
