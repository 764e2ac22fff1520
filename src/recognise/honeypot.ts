import type { Finding } from '../model/probe.ts'

interface Row {
  readonly honeypot: string
  /** The service that says so, and all that its banner must hold. */
  readonly module: string
  readonly says: readonly RegExp[]
  /** The default in the software's own repository, and what shows that no real server says the same. */
  readonly source: string
}

/**
 * Default identities of honeypots, each so odd that no server says it in earnest. A default that real servers have too, as an
 * old version of OpenSSH, is none.
 */
export const honeypots: readonly Row[] = [
  {
    honeypot: 'Cowrie',
    module: 'ssh',
    // Debian 7 has that version in earnest, but not that type of key.
    says: [/^SSH-2\.0-OpenSSH_6\.0p1 Debian-4\+deb7u2\r$/m, /^host keys: (.+,)?ssh-ed25519(,|$)/m],
    source:
      'github.com/cowrie/cowrie: src/cowrie/ssh/factory.py; Ed25519 came with OpenSSH 6.5 (openssh.com/txt/release-6.5)',
  },
  {
    honeypot: 'Conpot',
    module: 's7',
    says: [/^PLC name: Technodrome$/m, /^Plant identification: Mouser Factory$/m],
    source: 'github.com/mushorg/conpot: conpot/templates/default/template.xml, s7comm/s7comm.xml',
  },
  {
    honeypot: 'Conpot',
    module: 'modbus',
    // The name of a processor stands where its revision belongs.
    says: [/^VendorName: Siemens$/m, /^ProductCode: SIMATIC$/m, /^MajorMinorRevision: S7-200$/m],
    source: 'github.com/mushorg/conpot: conpot/templates/default/modbus/modbus.xml',
  },
  {
    honeypot: 'ADBHoney',
    module: 'adb',
    // With a host and a space that the form of it has no room for (AOSP: adb/protocol.txt).
    says: [/^device::http:\/\/ro\.product\.name =starltexx;ro\.product\.model=SM-G960F;ro\.product\.device=starlte;/],
    source: 'github.com/huuck/ADBHoney: adbhoney.cfg',
  },
]

/** Whether a server says what only a honeypot says by default. */
export const isHoneypot = ({ module, banner = '' }: Finding): boolean =>
  honeypots.some((row) => row.module === module && row.says.every((pattern) => pattern.test(banner)))
