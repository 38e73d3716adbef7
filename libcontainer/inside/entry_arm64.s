// Runs in: init, its first instructions. Sees: caller's namespaces. Holds: caller's privilege.

#include "go_asm.h"
#include "textflag.h"

// As on amd64, but g is a register here.
GLOBL stageG<>(SB), NOPTR, $1024

TEXT _rung_start(SB),NOSPLIT|NOFRAME,$0
	MOVD	0(RSP), R0 // argc
	ADD	$8, RSP, R1 // argv
	CMP	$3, R0
	BLT	normal
	MOVD	8(R1), R2
	MOVWU	0(R2), R3
	MOVD	$0x74696e69, R4 // "init"
	CMP	R3, R4
	BNE	normal
	MOVBU	4(R2), R3
	CBNZ	R3, normal
	MOVD	$stageG<>(SB), g
	SUB	$64, RSP
	MOVD	R1, 8(RSP)
	CALL	·entry(SB)
	BRK	// entry does not return
normal:
	MOVD	$167, R8 // prctl
	MOVD	$30, R0 // PR_GET_TIMERSLACK
	SVC
	CMP	$1, R0
	BLT	start // an error, or a thread with a real-time policy, which has none
	MOVD	$const_lazySlack, R1
	CMP	R1, R0
	BGE	start
	MOVD	$·callerSlack(SB), R2
	MOVD	R0, (R2)
	MOVD	$167, R8 // prctl
	MOVD	$29, R0 // PR_SET_TIMERSLACK
	SVC
start:
	B	_rt0_arm64_linux(SB)
