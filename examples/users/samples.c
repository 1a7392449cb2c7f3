/* SPDX-License-Identifier: MIT */
/*
 * Twenty users, so that the first request shows something.
 */
#include "store.h"

#define TEXT(text_)                                                            \
    {                                                                          \
        .type = WEIR_TYPE_TEXT, .size = sizeof(text_) - 1, .as.text = (text_)  \
    }
#define NUMBER(number_)                                                        \
    {                                                                          \
        .type = WEIR_TYPE_I64, .as.i = (number_)                               \
    }
#define NONE                                                                   \
    {                                                                          \
        .type = WEIR_TYPE_NULL                                                 \
    }

/* clang-format off */
static const weir_value values[] = {
    TEXT("ada"),     TEXT("ada@example.org"),     NUMBER(36),
    TEXT("bob"),     TEXT("bob@example.org"),     NUMBER(17),
    TEXT("chloe"),   NONE,                        NUMBER(52),
    TEXT("dmitri"),  TEXT("dmitri@example.org"),  NUMBER(44),
    TEXT("eve"),     TEXT("eve@example.org"),     NONE,
    TEXT("fatima"),  TEXT("fatima@example.org"),  NUMBER(29),
    TEXT("grace"),   TEXT("grace@example.org"),   NUMBER(85),
    TEXT("hiro"),    NONE,                        NUMBER(33),
    TEXT("ines"),    TEXT("ines@example.org"),    NUMBER(61),
    TEXT("jürgen"),  TEXT("juergen@example.org"), NUMBER(48),
    TEXT("karin"),   TEXT("karin@example.org"),   NUMBER(27),
    TEXT("léa"),     TEXT("lea@example.org"),     NUMBER(19),
    TEXT("mallory"), NONE,                        NONE,
    TEXT("noor"),    TEXT("noor@example.org"),    NUMBER(31),
    TEXT("olga"),    TEXT("olga@example.org"),    NUMBER(70),
    TEXT("pedro"),   TEXT("pedro@example.org"),   NUMBER(22),
    TEXT("quinn"),   TEXT("quinn@example.org"),   NUMBER(39),
    TEXT("雪"),      TEXT("yuki@example.org"),    NUMBER(25),
    TEXT("sandy"),   TEXT("sandy@example.org"),   NUMBER(31),
    TEXT("tomás"),   NONE,                        NUMBER(58),
};
/* clang-format on */

const weir_rows sample_users = {
    .values = values,
    .width = 3,
    .count = sizeof values / sizeof values[0] / 3,
};
