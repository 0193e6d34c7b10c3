/**
 * The guard: a shell that does nothing until the keeper dies. Should the keeper be killed together
 * with the commands (`killall node`), nobody else would be left to stop the server.
 */
import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import type { EmbeddedHome } from './embedded-home.js'
import type { ProcessMark } from './process-mark.js'

/**
 * `read` returns when the keeper's end of the pipe is gone. A mark is `pid-start-nonce`; behind the
 * name in /proc/pid/stat the state is field 1 and the start field 20. A new keeper takes over; a
 * living command can call one; when there is neither, the server is stopped if it is still ours.
 */
const SCRIPT = `
read -r nothing
living() {
  for mark in "$1"/*; do
    name=\${mark##*/}; pid=\${name%%-*}; rest=\${name#*-}
    case "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 1,20)" in
      [ZX]*) ;;
      *" \${rest%%-*}") return 0 ;;
    esac
  done
  return 1
}
while sleep 3; do
  living "$1/keepers" && exit
  living "$1/clients" && continue
  [ "$(readlink "/proc/$3/cwd")" = "$2" ] && kill -INT "$3"
  exit
done
`

/** @returns what dismisses the guard; elsewhere than on Linux there is none. */
export function startGuard(home: EmbeddedHome, postmaster: ProcessMark): () => void {
  if (process.platform !== 'linux') return () => undefined
  const data = realpathSync(home.data)
  const guard = spawn('sh', ['-c', SCRIPT, 'sh', home.folder, data, `${postmaster.pid}`], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
  })
  guard.on('error', () => undefined)
  guard.unref()
  return () => {
    guard.kill('SIGKILL')
    guard.stdin.destroy()
  }
}
