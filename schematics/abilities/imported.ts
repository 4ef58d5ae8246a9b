import { importsIn } from '../specification/imported.ts';

const PLATFORM = '../../platform';

/** Where the code of abilities has its names from; types are marked. */
export const ABILITY_IMPORTS = importsIn({
  [`${PLATFORM}/bulk/batch.dto.js`]: 'AnswersBatch BatchOf type:BatchResult',
  [`${PLATFORM}/bulk/batches.js`]: 'BATCH_MS Batches',
  [`${PLATFORM}/bulk/export.dto.js`]: 'AnswersExport ExportOf',
  [`${PLATFORM}/bulk/exporter.js`]: 'Exporter',
  '@nestjs/common': 'Res',
  fastify: 'type:FastifyReply',
  [`${PLATFORM}/database/transactions.js`]: 'type:Transaction',
  [`${PLATFORM}/http/deadline.js`]: 'Deadline',
  [`${PLATFORM}/trash/trash.dto.js`]: 'RemoveQuery',
  [`${PLATFORM}/trash/trash-records.js`]: 'type:TrashRecords',
});
