// The OpenAPI description: checked by Redocly, and written as one file.
//   node description.mjs bundle FROM TO VERSION    writes FROM, with what it refers to, to TO
//   node description.mjs check FROM TO VERSION     fails unless the linter is silent and TO is what bundle writes
// Both fail if an example is not what its schema says.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bundle, formatProblems, lint, loadConfig } from '@redocly/openapi-core'
import { wrongExamples } from './examples.mjs'

const [mode, from, to, version] = process.argv.slice(2)
const config = await loadConfig({ configPath: join(dirname(from), 'redocly.yaml') })

const report = (problems) => {
  if (problems.length === 0) return
  const totals = { errors: problems.length, warnings: 0, ignored: 0 }
  formatProblems(problems, { totals, format: 'stylish', version: 'redocly' })
  process.exit(1)
}

/// An entry a line, so that versions can be compared.
const written = ({ paths, components, ...head }) => {
  const list = (members, depth) =>
    Object.entries(members)
      .map(([name, value]) => `${'  '.repeat(depth)}${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      .join(',\n')
  const kinds = Object.entries(components).map(
    ([kind, members]) => `    ${JSON.stringify(kind)}: {\n${list(members, 3)}\n    }`)
  return `{\n${list(head, 1)},\n  "paths": {\n${list(paths, 2)}\n  },\n` +
    `  "components": {\n${kinds.join(',\n')}\n  }\n}\n`
}

if (mode === 'check') report(await lint({ ref: from, config }))
const bundled = await bundle({ ref: from, config })
report(bundled.problems)
const description = bundled.bundle.parsed
description.info.version = version
const mistakes = wrongExamples(description)
if (mistakes.length > 0) {
  console.error(mistakes.join('\n'))
  process.exit(1)
}
if (mode === 'bundle') {
  writeFileSync(to, written(description))
} else if (readFileSync(to, 'utf8') !== written(description)) {
  console.error(`${to} is not what ${from} describes: run scripts/openapi`)
  process.exit(1)
}
