import type { EngineFacts } from '../model/engine.ts'
import { censysFacts } from './censys/facts.ts'
import { criminalipFacts } from './criminalip/facts.ts'
import { fofaFacts } from './fofa/facts.ts'
import { leakixFacts } from './leakix/facts.ts'
import { netlasFacts } from './netlas/facts.ts'
import { onypheFacts } from './onyphe/facts.ts'
import { quakeFacts } from './quake/facts.ts'
import { shodanFacts } from './shodan/facts.ts'
import { zoomeyeFacts } from './zoomeye/facts.ts'

/** Every search engine, with what a person has to know of it. */
export const engines = [
  shodanFacts,
  censysFacts,
  zoomeyeFacts,
  fofaFacts,
  netlasFacts,
  quakeFacts,
  onypheFacts,
  leakixFacts,
  criminalipFacts,
] as const satisfies readonly EngineFacts[]
