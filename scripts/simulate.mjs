// The simulation on its own: `npm run simulate -- --seed 7` replays what that seed brought about.
// The tests read it from REDRESS_SIMULATION_SEED; without one they draw a seed and tell it.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))

function readSeed() {
  const { seed } = parseArgs({ options: { seed: { type: 'string' } }, strict: true }).values
  if (seed === undefined || /^\d{1,9}$/.test(seed)) return seed
  throw new TypeError('--seed: expected a whole number')
}

function simulate(seed) {
  const env = { ...process.env }
  if (seed !== undefined) env.REDRESS_SIMULATION_SEED = seed
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'simulation']
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1
}

try {
  process.exitCode = simulate(readSeed())
} catch (error) {
  process.stderr.write(`simulate: ${error.message}\n`)
  process.exitCode = 2
}
