package route

import (
	"encoding/base64"
	"errors"
	"fmt"
	"syscall"

	"github.com/alexbrainman/sspi"
)

// SignedIn begins a sign-in at a proxy as who is signed in to this computer, by
// "Negotiate" (Kerberos, else NTLM) or "NTLM". Windows asks nobody for a password.
var SignedIn = func(scheme, host string) (Exchange, error) {
	name := sspi.NEGOSSP_NAME
	if scheme == "NTLM" {
		name = sspi.NTLMSP_NAME
	}
	about, err := sspi.QueryPackageInfo(name)
	if err != nil {
		return nil, err
	}
	cred, err := sspi.AcquireCredentials("", name, sspi.SECPKG_CRED_OUTBOUND, nil)
	if err != nil {
		return nil, err
	}
	service, err := syscall.UTF16PtrFromString("HTTP/" + host)
	if err != nil {
		return nil, errors.Join(err, cred.Release())
	}
	return &own{cred: cred, context: sspi.NewClientContext(cred, sspi.ISC_REQ_CONNECTION), service: service, room: about.MaxToken}, nil
}

// own is an exchange that Windows makes.
type own struct {
	cred    *sspi.Credentials
	context *sspi.Context
	service *uint16
	room    uint32 // that a message may take, in bytes
	done    bool
}

func (o *own) Next(challenge string) (string, error) {
	if o.done {
		return "", errors.New("Windows has said all it has to say")
	}
	given, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return "", err
	}
	var in, out [1]sspi.SecBuffer
	in[0].Set(sspi.SECBUFFER_TOKEN, given)
	out[0].Set(sspi.SECBUFFER_TOKEN, make([]byte, o.room))
	answer := sspi.NewSecBufferDesc(out[:])
	switch status := o.context.Update(o.service, answer, sspi.NewSecBufferDesc(in[:])); status {
	case sspi.SEC_E_OK:
		o.done = true
	case sspi.SEC_I_CONTINUE_NEEDED:
	case sspi.SEC_I_COMPLETE_NEEDED, sspi.SEC_I_COMPLETE_AND_CONTINUE:
		if status := sspi.CompleteAuthToken(o.context.Handle, answer); status != sspi.SEC_E_OK {
			return "", fmt.Errorf("sign-in: %w", status)
		}
	default:
		return "", fmt.Errorf("sign-in: %w", status)
	}
	return base64.StdEncoding.EncodeToString(out[0].Bytes()), nil
}

func (o *own) End() {
	// What cannot be given back ends with the program.
	if o.context.Handle != nil {
		_ = o.context.Release()
	}
	_ = o.cred.Release()
}
