import { it } from 'vitest'
import { testDatabase } from '../support/database.js'
import { redress } from '../support/cli.js'
it('x', async () => {
  const db = await testDatabase()
  const r = async (...a: string[]) => { const x = await redress(a, { DATABASE_URL: db.url, REDRESS_HOME: '/tmp/kx/home', REDRESS_LANES: '1' }); console.log(a.join(' '), x.durationMs, 'ms', x.exitCode, x.stdout.slice(0, 900), x.stderr) }
  await r('--json', 'snapshot', 'import', '/tmp/kx/s.csv', '--as-of', '2026-01-13')
  await r('--json', 'status', 'import', '/tmp/kx/st.csv')
  await r('--json', 'runs', 'list')
  await r('plan', '2026-02', '--json')
  await r('run', '2026-02', '--yes', '--json')
  await r('ledger', 'verify', '--replay', '--json')
  await r('ledger', 'export', '--out', '/tmp/kx/e.csv', '--json')
  await db.drop()
})
