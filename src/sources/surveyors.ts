import type { EngineId } from '../model/engine.ts'
import { openCensys } from './censys/surveyor.ts'
import { openFofa } from './fofa/surveyor.ts'
import { openQuake } from './quake/surveyor.ts'
import { openShodan } from './shodan/surveyor.ts'
import type { Surveyor, SurveyorOptions } from './surveyor.ts'

/** Engines that can be asked for counts. */
export const surveyors: Readonly<Partial<Record<EngineId, (options: SurveyorOptions) => Surveyor>>> = {
  shodan: openShodan,
  censys: openCensys,
  fofa: openFofa,
  quake: openQuake,
}
