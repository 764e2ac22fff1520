import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readScope } from '../../src/config/scope.ts'
import { checksOf, relayOf } from '../../src/pipeline/probe-checks.ts'
import { checks } from '../../src/probes/checks/index.ts'
import { openRelay } from '../../src/probes/checks/open-relay.ts'
import { smtp } from '../../src/probes/smtp.ts'
import { ssh } from '../../src/probes/ssh.ts'
import { temporaryFolder } from '../helpers/store.ts'

const text = `owner: Example
contact: noc@example.net
authorisation: none
valid: { from: 2000-01-01, to: 2099-12-31 }
addresses: 24
coverage: partial
vantage: outside
ranges: [192.0.2.0/28, "2001:db8:7::/125"]
exclude: [192.0.2.7]
relay_domain: relay.example.net
`
async function relayFrom(scope: string): Promise<ReturnType<typeof relayOf>> {
  const path = join(await temporaryFolder(), 'scope.yaml')
  await writeFile(path, scope)
  return relayOf(await readScope(path, Date.now()), [openRelay])
}

describe('checks', () => {
  test('are those named, each once, in the order of the index', () => {
    expect(checksOf([], [ssh])).toEqual([])
    const names = checks.map(({ id }) => id)
    expect(checksOf(['open-relay', 'open-relay'], [ssh, smtp])).toEqual([openRelay])
    expect(names).toContain('open-relay')
  })

  test.each([['relay'], ['smtp'], [''], ['__proto__'], ['open-relay ']])(
    'are not %j: exit 2 with those there are',
    (name) => {
      expect(() => checksOf([name], [smtp])).toThrow(
        expect.objectContaining({ exit: 2, hint: `checks: ${checks.map(({ id }) => id).join(', ')}` }),
      )
    },
  )

  test('go with a probe that is asked', () => {
    expect(() => checksOf(['open-relay'], [ssh])).toThrow(expect.objectContaining({ exit: 2 }))
  })
})

describe('the check of open relays', () => {
  test('needs a domain where it is made, and none where it is not', async () => {
    const none = text.replace(/relay_domain.*\n/, '')
    await expect(relayFrom(none)).rejects.toMatchObject({ exit: 2 })
    await expect(relayFrom(text)).resolves.toMatchObject({ domain: 'relay.example.net' })
    const path = join(await temporaryFolder(), 'scope.yaml')
    await writeFile(path, none)
    expect(relayOf(await readScope(path, Date.now()), [])).toBeUndefined()
  })

  const inside = [
    '192.0.2.0 192.0.2.7 192.0.2.15 2001:db8:7::7 127.0.0.1 127.255.255.255 ::1 10.0.0.1',
    '172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 169.254.1.1 fe80::1 fe80::1%eth0 fd00::1',
    '::ffff:10.0.0.1 0.0.0.0 somewhere',
  ].flatMap((line) => line.split(' '))
  const outside = [
    '192.0.2.16 198.51.100.1 203.0.113.9 8.8.8.8 172.32.0.1 100.128.0.1 11.0.0.1 126.255.255.255',
    '2001:db8:7::8 2001:4860::1 2a00::1',
  ].flatMap((line) => line.split(' '))
  test.each([...inside, ''])('from %j is from inside', async (from) => {
    expect((await relayFrom(text))?.isInside(from)).toBe(true)
  })
  test.each(outside)('from %s is from outside, unless the scope says otherwise', async (from) => {
    expect((await relayFrom(text))?.isInside(from)).toBe(false)
    expect((await relayFrom(text.replace('vantage: outside', 'vantage: inside')))?.isInside(from)).toBe(true)
  })
})
