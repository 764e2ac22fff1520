import { stat } from 'node:fs/promises'
import { addressText, type AddressSet } from '../model/address-set.ts'
import { wrongInput } from '../model/errors.ts'
import { excludedFile, rangeLines, synRate, targetsFile, waitSeconds, type SynTool } from './syn-tool.ts'

/*
 * Of what masscan 1.3.2 (Debian 12) does the following was measured: it reads its system-wide configuration whatever it is
 * told, asks several times where it is to ask twice (`--retries`), loses answers to its first packets, does not end before a
 * packet arrives, and takes no note of packets that could not be sent.
 */

const systemWide = '/etc/masscan/masscan.conf'

const lines = (set: AddressSet): string =>
  rangeLines(set, (first, last) => `${addressText(first)}-${addressText(last)}\n`)

export const masscan: SynTool = {
  version: /^Masscan version (\S+)/m,
  // Below, what it catches up is more than what the scope allows.
  leastRate: 5,

  check: async () => {
    const isThere = await stat(systemWide).then(
      () => true,
      () => false,
    )
    if (isThere)
      throw wrongInput(
        `--discovery masscan: masscan would read ${systemWide}, which may add to what it asks`,
        'move that file away; nothing was sent',
      )
  },

  files: ({ targets, excluded }) => Promise.resolve({ [targetsFile]: lines(targets), [excludedFile]: lines(excluded) }),

  commands: (scan) => [
    `masscan --includefile ${targetsFile} --excludefile ${excludedFile} --ports ${scan.ports.join(',')}` +
      ` --rate ${synRate(scan.scope)} --seed ${scan.seed} --wait ${waitSeconds(scan)} --show open,closed -oL -`,
  ],

  // open tcp 80 192.0.2.1 1629960470
  toldIn: (line) => {
    const [, state, port, address] = /^(open|closed) tcp (\d{1,5}) (\d[\d.]{6,14}) \d+$/.exec(line) ?? []
    return address === undefined ? undefined : { isOpen: state === 'open', address, port: Number(port) }
  },

  chatter: /^(rate:|\[hint\])/,
  // Its wait is over, and it would end at the next packet that arrives: on a quiet line, never.
  overdue: /waiting -[1-9]\d*-secs/,
}
