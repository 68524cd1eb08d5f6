/** What the binary says of itself. */
export interface Build {
  readonly version: string
  /** The target triple of the compiler. */
  readonly target: string
  readonly profile: string
  readonly compiler: string
  /** The commit, where the build was told it (`THREADMAP_COMMIT`). */
  readonly commit?: string
  /** The variants that it has. */
  readonly variants: readonly string[]
  readonly defaultVariant: string
  readonly defaultShards: number
  /** Whether reclamation uses the system's process-wide barrier, which makes each operation's own free. */
  readonly processBarrier: boolean
}

/** Where the binary was found: NAPI_RS_NATIVE_LIBRARY_PATH, beside the loader, or in the platform's package. */
export type Origin = 'environment' | 'folder' | 'package'

/**
 * Finds and loads the binary of this platform.
 * @throws Error that says what is missing or wrong and how to mend it
 */
export declare function load(): {
  readonly binding: unknown
  readonly build: Build
  readonly path: string
  readonly from: Origin
}
