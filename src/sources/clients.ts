import type { EngineId } from '../model/engine.ts'
import { openCensys } from './censys/surveyor.ts'
import { openFofa } from './fofa/surveyor.ts'
import { openOnyphe } from './onyphe/client.ts'
import { openQuake } from './quake/surveyor.ts'
import { openShodan } from './shodan/surveyor.ts'
import type { EngineClient, SurveyorOptions } from './surveyor.ts'

/** Engines that can be asked, for counts or for records. */
export const clients: Readonly<Partial<Record<EngineId, (options: SurveyorOptions) => EngineClient>>> = {
  shodan: openShodan,
  censys: openCensys,
  fofa: openFofa,
  quake: openQuake,
  onyphe: openOnyphe,
}
