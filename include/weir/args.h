/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Lists of arguments and of outputs in C: WEIR_ARGS(1, "x", 3.5) becomes an
 * array of weir_value and its length, WEIR_OUT(&id) a typed output. The
 * compiler chooses by the type of each argument (_Generic), so a wrong type
 * does not compile. In C++ call the functions underneath: weir_value_…() and
 * weir_out_make().
 *
 * This file's long lists of macros are what C needs to count to 64.
 */
#ifndef WEIR_ARGS_H
#define WEIR_ARGS_H

#include <weir/result.h>
#include <weir/value.h>

/** No parameters, for weir_exec() and its like. */
#define WEIR_NOARGS NULL, 0

#ifndef __cplusplus

/**
 * The value of any supported C expression. `true` is an int before C23 and
 * makes an integer, which boolean columns accept. NULL makes SQL NULL.
 */
#define WEIR_VAL(x_)                                                           \
    _Generic((x_),                                                             \
        bool: weir_value_bool,                                                 \
        char: weir_value_i64,                                                  \
        signed char: weir_value_i64,                                           \
        short: weir_value_i64,                                                 \
        int: weir_value_i64,                                                   \
        long: weir_value_i64,                                                  \
        long long: weir_value_i64,                                             \
        unsigned char: weir_value_u64,                                         \
        unsigned short: weir_value_u64,                                        \
        unsigned: weir_value_u64,                                              \
        unsigned long: weir_value_u64,                                         \
        unsigned long long: weir_value_u64,                                    \
        float: weir_value_f64,                                                 \
        double: weir_value_f64,                                                \
        char *: weir_value_cstr,                                               \
        const char *: weir_value_cstr,                                         \
        weir_text: weir_value_text,                                            \
        weir_bytes: weir_value_bytes,                                          \
        weir_raw_json: weir_value_json,                                       \
        weir_timestamp: weir_value_timestamp,                                  \
        weir_datetime: weir_value_datetime,                                    \
        weir_date: weir_value_date,                                            \
        weir_time: weir_value_time,                                            \
        weir_interval *: weir_value_interval,                                  \
        const weir_interval *: weir_value_interval,                            \
        weir_decimal *: weir_value_decimal,                                    \
        const weir_decimal *: weir_value_decimal,                              \
        weir_uuid *: weir_value_uuid,                                          \
        const weir_uuid *: weir_value_uuid,                                    \
        weir_opt_i64: weir_value_opt_i64,                                      \
        weir_opt_i32: weir_value_opt_i32,                                      \
        weir_opt_f64: weir_value_opt_f64,                                      \
        weir_opt_bool: weir_value_opt_bool,                                    \
        weir_opt_timestamp: weir_value_opt_timestamp,                          \
        weir_opt_datetime: weir_value_opt_datetime,                            \
        weir_opt_date: weir_value_opt_date,                                    \
        weir_opt_time: weir_value_opt_time,                                    \
        weir_opt_interval *: weir_value_opt_interval,                          \
        const weir_opt_interval *: weir_value_opt_interval,                    \
        weir_opt_decimal *: weir_value_opt_decimal,                            \
        const weir_opt_decimal *: weir_value_opt_decimal,                      \
        weir_opt_uuid *: weir_value_opt_uuid,                                  \
        const weir_opt_uuid *: weir_value_opt_uuid,                            \
        weir_value: weir_value_self,                                           \
        void *: weir_value_pointer,                                            \
        const void *: weir_value_pointer)(x_)

/** A named parameter: WEIR_PARAM("age", 18) is `:age`. */
#define WEIR_PARAM(name_, x_) weir_named((name_), WEIR_VAL(x_))

/* Signed and unsigned integers by their size, so that long and long long,
 * int64_t and int32_t all work whatever they are made of. */
#define WEIR_OUT_SIGNED_(p_)                                                   \
    (sizeof *(p_) == 1   ? WEIR_OUT_I8                                         \
     : sizeof *(p_) == 2 ? WEIR_OUT_I16                                        \
     : sizeof *(p_) == 4 ? WEIR_OUT_I32                                        \
                         : WEIR_OUT_I64)
#define WEIR_OUT_UNSIGNED_(p_)                                                 \
    (sizeof *(p_) == 1   ? WEIR_OUT_U8                                         \
     : sizeof *(p_) == 2 ? WEIR_OUT_U16                                        \
     : sizeof *(p_) == 4 ? WEIR_OUT_U32                                        \
                         : WEIR_OUT_U64)

/** Where a column goes; the pointer's type says what is expected. A wrong
 *  type does not compile. */
#define WEIR_OUT(p_)                                                           \
    weir_out_make(_Generic((p_),                                               \
                      signed char *: WEIR_OUT_SIGNED_(p_),                     \
                      short *: WEIR_OUT_SIGNED_(p_),                           \
                      int *: WEIR_OUT_SIGNED_(p_),                             \
                      long *: WEIR_OUT_SIGNED_(p_),                            \
                      long long *: WEIR_OUT_SIGNED_(p_),                       \
                      unsigned char *: WEIR_OUT_UNSIGNED_(p_),                 \
                      unsigned short *: WEIR_OUT_UNSIGNED_(p_),                \
                      unsigned *: WEIR_OUT_UNSIGNED_(p_),                      \
                      unsigned long *: WEIR_OUT_UNSIGNED_(p_),                 \
                      unsigned long long *: WEIR_OUT_UNSIGNED_(p_),            \
                      float *: WEIR_OUT_F32,                                   \
                      double *: WEIR_OUT_F64,                                  \
                      bool *: WEIR_OUT_BOOL,                                   \
                      const char **: WEIR_OUT_CSTR,                            \
                      weir_text *: WEIR_OUT_TEXT,                              \
                      weir_bytes *: WEIR_OUT_BYTES,                            \
                      weir_raw_json *: WEIR_OUT_JSON,                         \
                      weir_timestamp *: WEIR_OUT_TIMESTAMP,                    \
                      weir_datetime *: WEIR_OUT_DATETIME,                      \
                      weir_date *: WEIR_OUT_DATE,                              \
                      weir_time *: WEIR_OUT_TIME,                              \
                      weir_interval *: WEIR_OUT_INTERVAL,                      \
                      weir_decimal *: WEIR_OUT_DECIMAL,                        \
                      weir_uuid *: WEIR_OUT_UUID,                              \
                      weir_value *: WEIR_OUT_VALUE,                            \
                      weir_opt_i32 *: WEIR_OUT_I32 + WEIR_OUT_OPT,             \
                      weir_opt_i64 *: WEIR_OUT_I64 + WEIR_OUT_OPT,             \
                      weir_opt_f64 *: WEIR_OUT_F64 + WEIR_OUT_OPT,             \
                      weir_opt_bool *: WEIR_OUT_BOOL + WEIR_OUT_OPT,           \
                      weir_opt_timestamp *: WEIR_OUT_TIMESTAMP + WEIR_OUT_OPT, \
                      weir_opt_datetime *: WEIR_OUT_DATETIME + WEIR_OUT_OPT,   \
                      weir_opt_date *: WEIR_OUT_DATE + WEIR_OUT_OPT,           \
                      weir_opt_time *: WEIR_OUT_TIME + WEIR_OUT_OPT,           \
                      weir_opt_interval *: WEIR_OUT_INTERVAL + WEIR_OUT_OPT,   \
                      weir_opt_decimal *: WEIR_OUT_DECIMAL + WEIR_OUT_OPT,     \
                      weir_opt_uuid *: WEIR_OUT_UUID + WEIR_OUT_OPT),          \
                  (p_))

/** One to 64 values and their number: the two last arguments of weir_exec()
 *  and its like. They live until the end of the enclosing block. */
#define WEIR_ARGS(...)                                                         \
    (const weir_value[]){WEIR_MAP_(WEIR_VAL, __VA_ARGS__)},                    \
        WEIR_COUNT_(__VA_ARGS__)

/**
 * Reads all columns of the current row: weir_scan(rows, &id, &name). See
 * weir_result_scan().
 */
#define weir_scan(result_, ...)                                                \
    weir_result_scan((result_),                                                \
                     (const weir_out[]){WEIR_MAP_(WEIR_OUT, __VA_ARGS__)},     \
                     WEIR_COUNT_(__VA_ARGS__))

#define WEIR_COUNT_(...)                                                       \
    WEIR_COUNT_AT_(__VA_ARGS__, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54,    \
                   53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, \
                   38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, \
                   23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9,  \
                   8, 7, 6, 5, 4, 3, 2, 1, 0)
#define WEIR_COUNT_AT_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, \
                       a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24,  \
                       a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35,  \
                       a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46,  \
                       a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, a57,  \
                       a58, a59, a60, a61, a62, a63, a64, n_, ...)             \
    n_
#define WEIR_JOIN_(a_, b_) WEIR_JOIN_AT_(a_, b_)
#define WEIR_JOIN_AT_(a_, b_) a_##b_
#define WEIR_MAP_(f_, ...)                                                     \
    WEIR_JOIN_(WEIR_MAP_, WEIR_COUNT_(__VA_ARGS__))(f_, __VA_ARGS__)
#define WEIR_MAP_1(f_, x_) f_(x_)
#define WEIR_MAP_2(f_, x_, ...) f_(x_), WEIR_MAP_1(f_, __VA_ARGS__)
#define WEIR_MAP_3(f_, x_, ...) f_(x_), WEIR_MAP_2(f_, __VA_ARGS__)
#define WEIR_MAP_4(f_, x_, ...) f_(x_), WEIR_MAP_3(f_, __VA_ARGS__)
#define WEIR_MAP_5(f_, x_, ...) f_(x_), WEIR_MAP_4(f_, __VA_ARGS__)
#define WEIR_MAP_6(f_, x_, ...) f_(x_), WEIR_MAP_5(f_, __VA_ARGS__)
#define WEIR_MAP_7(f_, x_, ...) f_(x_), WEIR_MAP_6(f_, __VA_ARGS__)
#define WEIR_MAP_8(f_, x_, ...) f_(x_), WEIR_MAP_7(f_, __VA_ARGS__)
#define WEIR_MAP_9(f_, x_, ...) f_(x_), WEIR_MAP_8(f_, __VA_ARGS__)
#define WEIR_MAP_10(f_, x_, ...) f_(x_), WEIR_MAP_9(f_, __VA_ARGS__)
#define WEIR_MAP_11(f_, x_, ...) f_(x_), WEIR_MAP_10(f_, __VA_ARGS__)
#define WEIR_MAP_12(f_, x_, ...) f_(x_), WEIR_MAP_11(f_, __VA_ARGS__)
#define WEIR_MAP_13(f_, x_, ...) f_(x_), WEIR_MAP_12(f_, __VA_ARGS__)
#define WEIR_MAP_14(f_, x_, ...) f_(x_), WEIR_MAP_13(f_, __VA_ARGS__)
#define WEIR_MAP_15(f_, x_, ...) f_(x_), WEIR_MAP_14(f_, __VA_ARGS__)
#define WEIR_MAP_16(f_, x_, ...) f_(x_), WEIR_MAP_15(f_, __VA_ARGS__)
#define WEIR_MAP_17(f_, x_, ...) f_(x_), WEIR_MAP_16(f_, __VA_ARGS__)
#define WEIR_MAP_18(f_, x_, ...) f_(x_), WEIR_MAP_17(f_, __VA_ARGS__)
#define WEIR_MAP_19(f_, x_, ...) f_(x_), WEIR_MAP_18(f_, __VA_ARGS__)
#define WEIR_MAP_20(f_, x_, ...) f_(x_), WEIR_MAP_19(f_, __VA_ARGS__)
#define WEIR_MAP_21(f_, x_, ...) f_(x_), WEIR_MAP_20(f_, __VA_ARGS__)
#define WEIR_MAP_22(f_, x_, ...) f_(x_), WEIR_MAP_21(f_, __VA_ARGS__)
#define WEIR_MAP_23(f_, x_, ...) f_(x_), WEIR_MAP_22(f_, __VA_ARGS__)
#define WEIR_MAP_24(f_, x_, ...) f_(x_), WEIR_MAP_23(f_, __VA_ARGS__)
#define WEIR_MAP_25(f_, x_, ...) f_(x_), WEIR_MAP_24(f_, __VA_ARGS__)
#define WEIR_MAP_26(f_, x_, ...) f_(x_), WEIR_MAP_25(f_, __VA_ARGS__)
#define WEIR_MAP_27(f_, x_, ...) f_(x_), WEIR_MAP_26(f_, __VA_ARGS__)
#define WEIR_MAP_28(f_, x_, ...) f_(x_), WEIR_MAP_27(f_, __VA_ARGS__)
#define WEIR_MAP_29(f_, x_, ...) f_(x_), WEIR_MAP_28(f_, __VA_ARGS__)
#define WEIR_MAP_30(f_, x_, ...) f_(x_), WEIR_MAP_29(f_, __VA_ARGS__)
#define WEIR_MAP_31(f_, x_, ...) f_(x_), WEIR_MAP_30(f_, __VA_ARGS__)
#define WEIR_MAP_32(f_, x_, ...) f_(x_), WEIR_MAP_31(f_, __VA_ARGS__)
#define WEIR_MAP_33(f_, x_, ...) f_(x_), WEIR_MAP_32(f_, __VA_ARGS__)
#define WEIR_MAP_34(f_, x_, ...) f_(x_), WEIR_MAP_33(f_, __VA_ARGS__)
#define WEIR_MAP_35(f_, x_, ...) f_(x_), WEIR_MAP_34(f_, __VA_ARGS__)
#define WEIR_MAP_36(f_, x_, ...) f_(x_), WEIR_MAP_35(f_, __VA_ARGS__)
#define WEIR_MAP_37(f_, x_, ...) f_(x_), WEIR_MAP_36(f_, __VA_ARGS__)
#define WEIR_MAP_38(f_, x_, ...) f_(x_), WEIR_MAP_37(f_, __VA_ARGS__)
#define WEIR_MAP_39(f_, x_, ...) f_(x_), WEIR_MAP_38(f_, __VA_ARGS__)
#define WEIR_MAP_40(f_, x_, ...) f_(x_), WEIR_MAP_39(f_, __VA_ARGS__)
#define WEIR_MAP_41(f_, x_, ...) f_(x_), WEIR_MAP_40(f_, __VA_ARGS__)
#define WEIR_MAP_42(f_, x_, ...) f_(x_), WEIR_MAP_41(f_, __VA_ARGS__)
#define WEIR_MAP_43(f_, x_, ...) f_(x_), WEIR_MAP_42(f_, __VA_ARGS__)
#define WEIR_MAP_44(f_, x_, ...) f_(x_), WEIR_MAP_43(f_, __VA_ARGS__)
#define WEIR_MAP_45(f_, x_, ...) f_(x_), WEIR_MAP_44(f_, __VA_ARGS__)
#define WEIR_MAP_46(f_, x_, ...) f_(x_), WEIR_MAP_45(f_, __VA_ARGS__)
#define WEIR_MAP_47(f_, x_, ...) f_(x_), WEIR_MAP_46(f_, __VA_ARGS__)
#define WEIR_MAP_48(f_, x_, ...) f_(x_), WEIR_MAP_47(f_, __VA_ARGS__)
#define WEIR_MAP_49(f_, x_, ...) f_(x_), WEIR_MAP_48(f_, __VA_ARGS__)
#define WEIR_MAP_50(f_, x_, ...) f_(x_), WEIR_MAP_49(f_, __VA_ARGS__)
#define WEIR_MAP_51(f_, x_, ...) f_(x_), WEIR_MAP_50(f_, __VA_ARGS__)
#define WEIR_MAP_52(f_, x_, ...) f_(x_), WEIR_MAP_51(f_, __VA_ARGS__)
#define WEIR_MAP_53(f_, x_, ...) f_(x_), WEIR_MAP_52(f_, __VA_ARGS__)
#define WEIR_MAP_54(f_, x_, ...) f_(x_), WEIR_MAP_53(f_, __VA_ARGS__)
#define WEIR_MAP_55(f_, x_, ...) f_(x_), WEIR_MAP_54(f_, __VA_ARGS__)
#define WEIR_MAP_56(f_, x_, ...) f_(x_), WEIR_MAP_55(f_, __VA_ARGS__)
#define WEIR_MAP_57(f_, x_, ...) f_(x_), WEIR_MAP_56(f_, __VA_ARGS__)
#define WEIR_MAP_58(f_, x_, ...) f_(x_), WEIR_MAP_57(f_, __VA_ARGS__)
#define WEIR_MAP_59(f_, x_, ...) f_(x_), WEIR_MAP_58(f_, __VA_ARGS__)
#define WEIR_MAP_60(f_, x_, ...) f_(x_), WEIR_MAP_59(f_, __VA_ARGS__)
#define WEIR_MAP_61(f_, x_, ...) f_(x_), WEIR_MAP_60(f_, __VA_ARGS__)
#define WEIR_MAP_62(f_, x_, ...) f_(x_), WEIR_MAP_61(f_, __VA_ARGS__)
#define WEIR_MAP_63(f_, x_, ...) f_(x_), WEIR_MAP_62(f_, __VA_ARGS__)
#define WEIR_MAP_64(f_, x_, ...) f_(x_), WEIR_MAP_63(f_, __VA_ARGS__)

#endif /* not C++ */

#endif
