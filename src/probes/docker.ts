import type { Conversation, ProbeContext, TcpProbe } from '../model/probe.ts'
import { asBanner, body, finalHead, request } from './message.ts'
import { asText, Talk } from './talk.ts'
import { certificateNames } from './tls.ts'

/**
 * Asks the engine for its version. Nothing is listed, made or changed. What proves it: a JSON object with an ApiVersion
 * (docs.docker.com/reference/api/engine, SystemVersion).
 */
export const docker: TcpProbe = {
  id: 'docker',
  transport: 'tcp',
  ports: [2375, 2376],
  tlsPorts: [2376],
  sends: 'one GET /version with the address as Host and a User-Agent that says who asks and where to complain',
  harmless: 'it reads the version only; no container, image or setting is asked for',
  identity: 'a JSON object with ApiVersion and Version in the answer',
  reference: 'Docker Engine API, GET /version',
  talk: conversation,
}

function* conversation(context: ProbeContext): Conversation {
  const talk = new Talk(context.tls)
  yield* talk.send(request(context, { target: '/version' }))
  const answer = yield* finalHead(talk)
  if (answer?.status !== 200) return undefined
  const text = asText(yield* body(talk, answer))
  const told = engineOf(text)
  if (told === undefined) return undefined
  return { module: 'docker', banner: asBanner(answer, text), ...told, hostnames: certificateNames(talk.tls), tags: [] }
}

/** Product and version of an answer to /version. */
function engineOf(text: string): { readonly product: string; readonly version: string } | undefined {
  try {
    const told: unknown = JSON.parse(text)
    if (typeof told !== 'object' || told === null || !('ApiVersion' in told && 'Version' in told)) return undefined
    const { ApiVersion: api, Version: version } = told
    if (typeof api !== 'string' || !/^\d+\.\d+$/.test(api) || typeof version !== 'string') return undefined
    // Podman answers in Docker's words and names itself among the components.
    return { product: /"Podman Engine"/.test(text) ? 'Podman' : 'Docker', version: version.slice(0, 64) }
  } catch {
    return undefined
  }
}
