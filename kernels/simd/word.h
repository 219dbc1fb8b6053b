/* SPDX-License-Identifier: Apache-2.0 */
/* How a word is declared: part of whichever tile says it, however large that gets. */
#ifndef CORR2D_WORD_H
#define CORR2D_WORD_H

#define WORD static inline __attribute__((always_inline))

#endif
