import type { SynclineConfig } from './schema.ts';

/** Gives the configuration back as it is: for types and completion in `syncline.config.ts`. */
export function defineConfig(config: SynclineConfig): SynclineConfig {
  return config;
}
