import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { repository } from './source-graph.ts'
import { examplesOf, runExamples, withOutputs } from './worked-example.ts'

/* `npm run readme`: runs the worked examples of the documents that have some and pastes what they print now. */
for (const document of ['README.md', 'docs/query.md']) {
  const path = join(repository, document)
  const text = await readFile(path, 'utf8')
  const outputs = await runExamples(examplesOf(text).map(({ command }) => command))
  await writeFile(path, withOutputs(text, outputs))
}
