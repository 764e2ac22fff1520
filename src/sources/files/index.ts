import { wrongInput } from '../../model/errors.ts'
import { formatIds, type FormatId, type Head, type Reader } from '../../model/reader.ts'
import { censys } from './censys.ts'
import { csv } from './csv.ts'
import { fofa } from './fofa.ts'
import { httpx } from './httpx.ts'
import { masscan } from './masscan.ts'
import { nmap } from './nmap.ts'
import { onyphe } from './onyphe.ts'
import { shadowserver } from './shadowserver.ts'
import { shodan } from './shodan.ts'
import { zgrab2 } from './zgrab2.ts'
import { zmap } from './zmap.ts'
import { zoomeye } from './zoomeye.ts'

/** Every file format, in the order they are asked whether an input is theirs: the particular before the general. */
export const readers = [
  shodan,
  censys,
  zoomeye,
  fofa,
  onyphe,
  nmap,
  masscan,
  zmap,
  zgrab2,
  shadowserver,
  httpx,
  csv,
] as const satisfies readonly Reader[]

/** @throws CensusError exit 2 for a name that is no format's */
export function readerOf(id: FormatId): Reader {
  const found = readers.find((reader) => reader.id === id)
  if (!found) throw wrongInput(`there is no format ${JSON.stringify(id)}`, `formats: ${formatIds.join(', ')}`)
  return found
}

/** The reader whose format an input's beginning is, if any. */
export const detectReader = (head: Head): Reader | undefined => readers.find((reader) => reader.detect(head))
