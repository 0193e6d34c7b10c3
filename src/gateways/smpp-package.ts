/** What is used of the package `smpp`, which comes without types, and set as it is needed here. */
import { createRequire } from 'node:module'

export interface Pdu {
  readonly command: string
  readonly command_status: number
  readonly esm_class?: number
  readonly data_coding?: number
  /** Bytes, see below. */
  readonly short_message?: Buffer
  readonly message_payload?: Buffer
  readonly message_id?: string
  readonly receipted_message_id?: string
  readonly message_state?: number
  isResponse(): boolean
  response(options?: { readonly command_status?: number }): Pdu
}

export interface SubmitFields {
  readonly source_addr_ton: number
  readonly source_addr_npi: number
  readonly source_addr: string
  readonly dest_addr_ton: number
  readonly dest_addr_npi: number
  readonly destination_addr: string
  readonly esm_class: number
  readonly registered_delivery: number
  readonly data_coding: number
  /** With its user data header, if any. */
  readonly short_message: Buffer
}

type OnAnswer = (answer: Pdu) => void

export interface SmppSession {
  on(event: 'connect' | 'secureConnect' | 'close' | 'error', listener: () => void): this
  on(event: 'pdu', listener: (pdu: Pdu) => void): this
  /** These return false when the connection takes nothing any more. */
  bind_transceiver(
    fields: {
      readonly system_id: string
      readonly password: string
      readonly system_type: string
      readonly interface_version: number
    },
    onAnswer: OnAnswer,
  ): boolean
  submit_sm(fields: SubmitFields, onAnswer: OnAnswer): boolean
  enquire_link(onAnswer: OnAnswer): boolean
  unbind(onAnswer: OnAnswer): boolean
  send(pdu: Pdu): boolean
  pause(): void
  resume(): void
  /** After what was sent has gone out. */
  close(): void
  destroy(): void
}

interface Field {
  filter?: unknown
}

interface SmppPackage {
  connect(options: {
    readonly host: string
    readonly port: number
    readonly tls: boolean
    /** For TLS: whose certificate it has to be. */
    readonly servername?: string
  }): SmppSession
  readonly errors: Readonly<Record<string, number>>
  readonly commands: { readonly deliver_sm: { readonly params: Readonly<Record<string, Field>> } }
  readonly tlvs: { readonly message_payload: Field }
}

const require = createRequire(import.meta.url)
const smpp = require('smpp') as SmppPackage

// The package would read a receipt in GSM's alphabet, where `_` of a message id is another
// character, and a date that is none would end the connection. Both are left as they came.
for (const field of Object.values(smpp.commands.deliver_sm.params)) delete field.filter
delete smpp.tlvs.message_payload.filter

export const connectSmpp = smpp.connect
/** ESME_ROK and the others. */
export const SMPP_STATUS = smpp.errors
