import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { page as makePage } from '../src/reports/page/page.ts'
import { noBrowser, openFile, startBrowser } from '../test/helpers/browser.ts'
import { syntheticPage } from '../test/helpers/page.ts'
import { machine, markdownTable, median } from './measure.ts'

/*
 * `npm run bench:page`: report.html of 47 regions and 60 services: made, opened in Debian's Chromium, sorted, and shown for
 * another service, each with the layout it causes. There is no peer: it is promised that it opens and sorts in under 200 ms.
 */
const runs = 9

const layout = 'document.documentElement.offsetHeight'
const timed = (work: string): string =>
  `(() => { const began = performance.now(); ${work}; ${layout}; return performance.now() - began })()`
const tasks = {
  'sort the table of all services': timed(`document.querySelectorAll('[data-matrix] thead button')[2].click()`),
  'show another service': timed(
    `const chosen = document.getElementById('choose-service'); chosen.selectedIndex = 5; chosen.dispatchEvent(new Event('change'))`,
  ),
}

if (noBrowser !== undefined) throw new Error(noBrowser)
const folder = await mkdtemp(join(tmpdir(), 'census-bench-'))
const browser = await startBrowser()
try {
  const facts = await syntheticPage()
  const file = join(folder, 'report.html')
  const times = new Map<string, number[]>()
  const add = (what: string, milliseconds: number): void =>
    void times.set(what, [...(times.get(what) ?? []), milliseconds])
  for (let run = 0; run < runs; run++) {
    const began = performance.now()
    const text = makePage(facts, 'en')
    add('make the page', performance.now() - began)
    await writeFile(file, text)
    const { page } = await openFile(browser, file)
    add(
      'open it, until it is laid out and its script has run',
      await page.evaluate<number>(`performance.getEntriesByType('navigation')[0].loadEventEnd + ${timed('')}`),
    )
    for (const [what, script] of Object.entries(tasks)) add(what, await page.evaluate<number>(script))
    await page.close()
  }
  console.log(`Median of ${runs} runs, ${machine()}, Chromium ${browser.version()}.\n`)
  console.log(`${(Buffer.byteLength(makePage(facts, 'en')) / 1000).toFixed(0)} kB.\n`)
  console.log(
    markdownTable(
      ['47 regions, 60 services', 'ms'],
      [...times].map(([what, each]) => [what, median(each).toFixed(0)]),
    ),
  )
} finally {
  await browser.close()
  await rm(folder, { recursive: true })
}
