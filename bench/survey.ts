import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { FacetsManifest } from '../src/store/manifest.ts'
import { loadServices } from '../src/recognise/service.ts'
import { prefectures, syntheticBanners } from '../test/helpers/engine-banners.ts'
import { shodanAnswers } from '../test/helpers/engine-shodan.ts'
import { startEngine } from '../test/helpers/engine.ts'
import { benchDownload } from './survey-download.ts'
import { benchmark, machine, markdownTable, quoted, run } from './measure.ts'

/*
 * `npm run bench:survey`: how many requests a survey of 47 regions and 20 services takes of a local engine that plays
 * Shodan, and what downloading pages from it costs. What it prints on standard output is the table of docs/performance.md.
 */

const services = 20
const { values } = parseArgs({
  options: { banners: { type: 'string', default: '20000' } },
})

/** Banners of twenty services, and one in fifty of a module that says nothing. */
function banners(): ReturnType<typeof syntheticBanners> {
  const named = loadServices().services.filter(({ names, ports }) => names.shodan !== undefined && ports.tcp.length > 0)
  const asked = named.slice(0, services)
  return syntheticBanners(Number(values.banners)).map((banner, index) => {
    const service = asked[index % services]
    const module = index % 50 === 0 ? 'auto' : (service?.names.shodan?.[0] ?? '')
    return { ...banner, module, port: service?.ports.tcp[0] ?? 0, transport: 'tcp' as const }
  })
}

async function measure(folder: string): Promise<void> {
  const engine = await startEngine({ answer: shodanAnswers(banners(), { regions: 'name' }) })
  const store = join(folder, 'store')
  const list = [...new Set(banners().map(({ port }) => port))]
  const ids = loadServices()
    .services.filter(({ ports }) => ports.tcp.some((port) => list.includes(port)))
    .slice(0, services)
    .map(({ id }) => id)
  const cli = quoted(fileURLToPath(new URL('../dist/cli.js', import.meta.url)))
  const command = `SHODAN_API_KEY=bench ${quoted(process.execPath)} ${cli} survey --country JP --services ${ids.join(',')} --endpoint ${engine.url} --rate 1000 --store ${quoted(store)} --id bench --quiet`
  const ran = await run(command, folder)
  const asked = engine.requests.length
  await engine.close()
  const manifest = JSON.parse(
    readFileSync(join(store, 'snapshots', 'bench', 'manifest.json'), 'utf8'),
  ) as FacetsManifest
  const [asking] = manifest.survey.engines
  if (asking === undefined) throw new Error('a survey of no engine')
  const { requests, ledger, rows } = asking
  const proofs = requests.filter(({ what }) => what.includes('outside of the regions')).length
  const byPort = requests.filter(({ what }) => what.endsWith(', by port')).length
  const certain = requests.length - proofs - byPort
  console.log(`${machine()}.\n`)
  console.log(
    markdownTable(
      ['47 regions, 20 services', 'requests', 'credits'],
      [
        ['`census survey`', String(certain), String(ledger.credits)],
        ['… confirming that what remains has no region', String(proofs), '0'],
        ['… banners whose module says nothing, by port', String(byPort), '0'],
        ['one request for each region and service', String(prefectures.length * (rows.length - 1)), '0'],
      ],
    ),
  )
  console.log(`\n- requests: ${certain} (promised: at most 25), ${asked} in all; ${ledger.retries} retries`)
  console.log(`- credits: ${ledger.credits} (promised: 0)`)
  console.log(`- ${ran.seconds.toFixed(2)} s without waiting; at Shodan's one request a second at least ${asked} s\n`)
  await benchDownload(folder)
}

const sound = /^[1-9]\d{0,6}$/.test(values.banners)
await benchmark('npm run bench:survey [-- --banners 20000]', sound, measure)
