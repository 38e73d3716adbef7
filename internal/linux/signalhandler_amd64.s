#include "textflag.h"

// The number of the signal is in DI. The stack is 8 bytes off its alignment, by
// the address of signalReturn on it. All registers come back in signalReturn.
TEXT ·signalHandler(SB),NOSPLIT|NOFRAME,$0
	SUBQ	$24, SP
	MOVB	DI, 8(SP)
	MOVL	·handlerPipe(SB), DI
	LEAQ	8(SP), SI
	MOVL	$1, DX
	MOVL	$1, AX // write; a full pipe holds more signals than anybody can send in earnest
	SYSCALL
	ADDQ	$24, SP
	RET

TEXT ·signalReturn(SB),NOSPLIT|NOFRAME,$0
	MOVL	$15, AX // rt_sigreturn
	SYSCALL
	INT	$3

TEXT ·handlerAddresses(SB),NOSPLIT,$0-16
	LEAQ	·signalHandler(SB), AX
	MOVQ	AX, handler+0(FP)
	LEAQ	·signalReturn(SB), AX
	MOVQ	AX, restorer+8(FP)
	RET
