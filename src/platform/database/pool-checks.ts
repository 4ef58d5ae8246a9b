import { OPTIONS } from 'mongodb/lib/connection_string.js';
import type { mongo } from 'mongoose';

// The driver takes it from a pool's options, but offers it to nobody.
OPTIONS.minPoolSizeCheckFrequencyMS = { type: 'uint' };

/**
 * How often a pool looks whether it has too few connections or idle ones, in milliseconds. The driver does ten times a
 * second, which is most of what an idle process costs. Pools here have no least size, and connections that broke are
 * noticed when they are taken.
 */
export const RARE_POOL_CHECKS = { minPoolSizeCheckFrequencyMS: 10_000 } as mongo.MongoClientOptions;
