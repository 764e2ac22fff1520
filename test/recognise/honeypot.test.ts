import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/model/probe.ts'
import { honeypots, isHoneypot } from '../../src/recognise/honeypot.ts'
import { adb } from '../../src/probes/adb.ts'
import { modbus } from '../../src/probes/modbus.ts'
import { s7 } from '../../src/probes/s7.ts'
import { ssh } from '../../src/probes/ssh.ts'
import { certificate, converse } from '../helpers/converse.ts'
import { noise } from '../helpers/hostile.ts'
import { speeches } from '../helpers/speeches.ts'

const probes = [ssh, s7, modbus, adb]
const kexinit = 'kex: curve25519-sha256\r\nhost keys: '
const debian7 = 'SSH-2.0-OpenSSH_6.0p1 Debian-4+deb7u2\r\n'

/** What each row's software says by default, as its probe tells it; each part of it is needed. */
const said: readonly { readonly module: string; readonly parts: readonly string[] }[] = [
  { module: 'ssh', parts: [debian7, `${kexinit}ssh-rsa,ecdsa-sha2-nistp256,ssh-ed25519`] },
  { module: 's7', parts: ['PLC name: Technodrome\n', 'Plant identification: Mouser Factory\n'] },
  {
    module: 'modbus',
    parts: ['VendorName: Siemens\n', 'ProductCode: SIMATIC\n', 'MajorMinorRevision: S7-200'],
  },
  {
    module: 'adb',
    parts: ['device::http://ro.product.name =starltexx;ro.product.model=SM-G960F;ro.product.device=starlte;features=x'],
  },
]

describe('a honeypot', () => {
  test('of each row is known by all of what it says, of its own service alone', () => {
    expect(said.map(({ module }) => module)).toEqual(honeypots.map(({ module }) => module))
    for (const { module, parts } of said) {
      const banner = parts.join('')
      expect(isHoneypot({ module, banner }), module).toBe(true)
      expect(isHoneypot({ module: 'http', banner }), `${module} of another service`).toBe(false)
      for (const part of parts)
        expect(isHoneypot({ module, banner: banner.replace(part, '') }), `${module} without ${part}`).toBe(false)
    }
  })

  test('has a source, and a row in the documentation', async () => {
    const page = await readFile(new URL('../../docs/probing.md', import.meta.url), 'utf8')
    for (const { honeypot } of honeypots) expect(page).toMatch(new RegExp(`^\\| ${honeypot} +\\| `, 'm'))
    for (const { source } of honeypots) expect(source).toMatch(/^github\.com\/[\w-]+\/\w+: \S+\.(py|xml|cfg)/)
  })

  test.each<[string, Finding]>([
    [
      'Debian 7, which has no such key',
      { module: 'ssh', banner: `${debian7}${kexinit}ssh-rsa,ssh-dss,ecdsa-sha2-nistp256` },
    ],
    ['an OpenSSH that has it', { module: 'ssh', banner: `SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n${kexinit}ssh-ed25519` }],
    [
      'a version that begins so',
      { module: 'ssh', banner: `SSH-2.0-OpenSSH_6.0p1 Debian-4+deb7u22\r\n${kexinit}ssh-ed25519` },
    ],
    ['a certificate of such a key', { module: 'ssh', banner: `${debian7}${kexinit}ssh-ed25519-cert-v01@openssh.com` }],
    [
      'that name elsewhere',
      { module: 's7', banner: 'PLC name: SIMATIC\nModule name: Technodrome\nPlant identification: Mouser Factory' },
    ],
    [
      'that telephone',
      {
        module: 'adb',
        banner: 'device::ro.product.name=starltexx;ro.product.model=SM-G960F;ro.product.device=starlte;',
      },
    ],
    ['nothing', { module: 'ssh' }],
  ])('is not %s', (_, finding) => {
    expect(isHoneypot(finding)).toBe(false)
  })

  test('is none of the servers whose words are in these tests, nor what says anything', () => {
    for (const { probe, says } of speeches) {
      const { finding } = converse(probe, { says, handshakes: [certificate()] })
      expect(finding === undefined ? false : isHoneypot(finding), says[0] ?? '').toBe(false)
    }
    for (const bytes of noise(2000))
      for (const { id } of probes) expect(isHoneypot({ module: id, banner: bytes.toString('latin1') })).toBe(false)
  })
})
