/** All programmes this engine can run. */
import type { Programme, ProgrammeVersion } from '../programme.js'
import { KT_2026 } from './kt-2026.js'
import { SKT_2025 } from './skt-2025.js'

export const PROGRAMMES: readonly Programme[] = [KT_2026, SKT_2025]

/** Finds `kt-2026@2`, or for `kt-2026` the programme's default version. */
export function findVersion(name: string): ProgrammeVersion | undefined {
  const [, programmeName, number] = /^([^@]+)(?:@([1-9]\d{0,8}))?$/.exec(name) ?? []
  const programme = PROGRAMMES.find((candidate) => candidate.name === programmeName)
  if (programme === undefined) return undefined
  const version = number === undefined ? programme.defaultVersion : Number(number)
  return programme.versions.find((candidate) => candidate.version === version)
}
