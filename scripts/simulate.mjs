// The simulation on its own: `npm run simulate -- --seed 7` replays what a seed brought about, and
// `--runs 50` tries that many. The tests read REDRESS_SIMULATION_SEED and REDRESS_SIMULATION_RUNS.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))

function readOptions() {
  const options = { seed: { type: 'string' }, runs: { type: 'string' } }
  const { values } = parseArgs({ options, strict: true })
  const bad = Object.entries(values).find(([, value]) => !/^\d{1,9}$/.test(value))
  if (bad !== undefined) throw new TypeError(`--${bad[0]}: expected a whole number`)
  return values
}

function simulate({ seed, runs }) {
  const env = { ...process.env }
  if (seed !== undefined) env.REDRESS_SIMULATION_SEED = seed
  if (runs !== undefined) env.REDRESS_SIMULATION_RUNS = runs
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'simulation']
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1
}

try {
  process.exitCode = simulate(readOptions())
} catch (error) {
  process.stderr.write(`simulate: ${error.message}\n`)
  process.exitCode = 2
}
