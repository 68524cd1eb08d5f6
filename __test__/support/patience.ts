/** How many times as long as usual tests wait before they call something hung: for an emulator or a busy machine. */
export const patience: number = Number(process.env['THREADMAP_PATIENCE'] ?? 1)
