// `npm test`: lint and types, then the fast suites, then those that need services, then the
// simulation; a summary at the end, whose last line reads `N passed, N failed`. Steps can be named:
// `npm test -- types fast`. A suite or a test that could not run counts as failed, by its name.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

const STEPS = {
  lint: () => check('lint'),
  types: () => check('types'),
  fast: () => suite('fast'),
  // Much of their time they wait, for servers to start, to stop and to be missed.
  services: () => suite('services', ['--maxWorkers', '3']),
  simulation: () => suite('simulation'),
}

function main(wanted) {
  const unknown = wanted.find((name) => !Object.hasOwn(STEPS, name))
  if (unknown !== undefined) {
    process.stderr.write(`test: ${unknown}: expected some of ${Object.keys(STEPS).join(', ')}\n`)
    process.exitCode = 2
    return
  }
  const names = Object.keys(STEPS).filter((name) => wanted.length === 0 || wanted.includes(name))
  const results = names.map((name) => {
    process.stdout.write(`\n== ${name}\n`)
    return { name, ...STEPS[name]() }
  })
  process.stdout.write(`\n== summary\n${results.map(told).join('')}`)
  if (names.includes('services') && process.getuid?.() !== 0) {
    process.stdout.write('left to root, who alone can become others: test/**/*-as-root.test.ts\n')
  }
  const passed = results.reduce((sum, it) => sum + it.passed, 0)
  const failed = results.reduce((sum, it) => sum + it.failures.length, 0)
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  process.exitCode = failed === 0 ? 0 : 1
}

/** Lint and types count as one test each: what they found stands above. */
function check(script) {
  const { status } = run('npm', ['run', '--silent', script])
  const ok = status === 0
  return { passed: ok ? 1 : 0, failures: ok ? [] : [`npm run ${script} found something`] }
}

function suite(project, options = []) {
  const folder = mkdtempSync(join(tmpdir(), 'redress-test-'))
  const report = join(folder, 'report.json')
  try {
    const { status } = run(process.execPath, [
      join('node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--project',
      project,
      ...options,
      '--reporter',
      'default',
      '--reporter',
      'json',
      `--outputFile.json=${report}`,
    ])
    return read(report, status)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(command, args) {
  // vitest's colours follow FORCE_COLOR and the terminal; nothing here reads what it writes.
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
}

/** The suite's own count; what it leaves out, the exit code makes up for. */
function read(report, status) {
  if (!existsSync(report)) return { passed: 0, failures: ['the suite could not run'] }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const failures = testResults.flatMap(failuresOf)
  const passed = testResults.flatMap((file) => file.assertionResults).filter(isPassed).length
  if (passed === 0 && failures.length === 0) failures.push('the suite has no tests')
  if (status !== 0 && failures.length === 0) failures.push(`the suite ended with code ${status}`)
  return { passed, failures }
}

function failuresOf(file) {
  const name = relative(root, file.name)
  const failed = file.assertionResults
    .filter((test) => !isPassed(test))
    .map((test) => {
      return `${name}: ${test.fullName}${test.status === 'failed' ? '' : ' (did not run)'}`
    })
  const broken = file.status === 'failed' && failed.length === 0
  return broken ? [`${name}: the file could not run`] : failed
}

function isPassed(test) {
  return test.status === 'passed'
}

function told({ name, passed, failures }) {
  const counts = `${passed} passed, ${failures.length} failed`
  return [`${name.padEnd(10)}  ${counts}\n`, ...failures.map((it) => `  ${it}\n`)].join('')
}

main(process.argv.slice(2))
