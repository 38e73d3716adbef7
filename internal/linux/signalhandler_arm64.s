#include "textflag.h"

// The number of the signal is in R0. The link register leads to code of the
// kernel's own that ends the handler; all registers come back there.
TEXT ·signalHandler(SB),NOSPLIT|NOFRAME,$0
	SUB	$16, RSP
	MOVB	R0, 8(RSP)
	MOVW	·handlerPipe(SB), R0
	ADD	$8, RSP, R1
	MOVD	$1, R2
	MOVD	$64, R8 // write; a full pipe holds more signals than anybody can send in earnest
	SVC
	ADD	$16, RSP
	RET

TEXT ·signalReturn(SB),NOSPLIT|NOFRAME,$0
	MOVD	$139, R8 // rt_sigreturn
	SVC
	BRK

TEXT ·handlerAddresses(SB),NOSPLIT,$0-16
	MOVD	$·signalHandler(SB), R0
	MOVD	R0, handler+0(FP)
	MOVD	ZR, restorer+8(FP)
	RET
